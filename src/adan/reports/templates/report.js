"use strict";
const data = JSON.parse(document.getElementById("data").textContent);
const sound = new Audio();

function play(utterance, say) {
  const file = data.utterances[utterance][3];
  sound.onerror = () => { say.textContent = `The audio is not at ${decodeURI(file)} any more.`; };
  sound.src = file;
  sound.play().catch(() => {});
}

// The maps: the point nearest to the pointer, or to where an arrow key leads, is named.
const told = document.getElementById("told");
function tell(map, i) {
  const {x, y} = data.maps[map.dataset.map];
  const ring = map.querySelector(".ring");
  ring.setAttribute("cx", x[i]);
  ring.setAttribute("cy", y[i]);
  ring.style.visibility = "visible";
  map.at = i;
  const {utterances, emotions, synthetic} = data.points;
  const [name, , speaker, file] = data.utterances[utterances[i]] ?? [];
  told.textContent = synthetic[i] ? `synthetic ${emotions[i]} ` : `${name} · ${emotions[i]} · speaker ${speaker} `;
  if (file) {
    const button = document.createElement("button");
    button.className = "play";
    button.textContent = "▶ play";
    button.onclick = () => play(utterances[i], told);
    told.append(button);
  }
}
function nearest(map, px, py, allowed) {
  const {x, y} = data.maps[map.dataset.map];
  let best = -1, least = Infinity;
  for (let i = 0; i < x.length; i++) {
    const distance = allowed(x[i] - px, y[i] - py);
    if (distance < least) [best, least] = [i, distance];
  }
  return best;
}
const ARROWS = {ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1]};
for (const map of document.querySelectorAll(".map")) {
  const point = (event) => {
    const box = map.getBoundingClientRect(), scale = 1000 / box.width;
    const i = nearest(map, (event.clientX - box.left) * scale, (event.clientY - box.top) * scale,
      (dx, dy) => Math.hypot(dx, dy) < 60 ? Math.hypot(dx, dy) : Infinity);
    if (i >= 0) tell(map, i);
    return i;
  };
  map.addEventListener("pointermove", point);
  map.addEventListener("click", (event) => {
    const i = point(event), utterance = data.points.utterances[i] ?? -1;
    if (utterance >= 0 && data.utterances[utterance][3]) play(utterance, told);
  });
  map.addEventListener("focus", () => { if (map.at === undefined) tell(map, 0); });
  map.addEventListener("keydown", (event) => {
    const arrow = ARROWS[event.key], {x, y} = data.maps[map.dataset.map];
    if (event.key === "Enter") told.querySelector(".play")?.click();
    if (!arrow) return;
    event.preventDefault();
    const i = nearest(map, x[map.at], y[map.at], (dx, dy) => {
      const along = dx * arrow[0] + dy * arrow[1], aside = Math.abs(dx * arrow[1] + dy * arrow[0]);
      return along > 0 && aside <= 2 * along ? along + 2 * aside : Infinity;
    });
    if (i >= 0) tell(map, i);
  });
}
for (const button of document.querySelectorAll(".legend button")) {
  button.onclick = () => {
    const on = button.getAttribute("aria-pressed") !== "true";
    for (const other of document.querySelectorAll(".legend button")) other.setAttribute("aria-pressed", on && other === button);
    for (const mark of document.querySelectorAll(".map [data-emotion]")) {
      mark.classList.toggle("dimmed", on && mark.dataset.emotion !== button.dataset.emotion);
    }
  };
}

// The errors: filtered by what was chosen or clicked in a confusion matrix, sorted by a heading.
const errors = document.querySelector("#errors table");
const filters = document.querySelectorAll("#errors select");
function filter() {
  const [row, truth, predicted] = [...filters].map((select) => select.value);
  let n = 0;
  for (const line of errors.tBodies[0].rows) {
    const cells = line.cells;
    const shown = (!row || cells[4 + Number(row)].textContent) &&
      (!truth || cells[2].textContent === truth) && (!predicted || cells[3].textContent === predicted);
    line.hidden = !shown;
    n += Boolean(shown);
  }
  document.getElementById("shown").textContent = `${n} of ${errors.tBodies[0].rows.length} lines`;
}
if (errors) {
  for (const select of filters) select.onchange = filter;
  for (const cell of document.querySelectorAll(".matrix button")) {
    cell.onclick = () => {
      const wanted = [cell.dataset.row, cell.dataset.true, cell.dataset.predicted];
      filters.forEach((select, i) => { select.value = wanted[i]; });
      filter();
      const details = document.getElementById("errors");
      details.open = true;
      details.scrollIntoView();
    };
  }
  errors.tHead.addEventListener("click", (event) => {
    const heading = event.target.closest("th");
    if (!heading) return;
    const column = heading.cellIndex, up = heading.ariaSort !== "ascending";
    for (const other of errors.tHead.rows[0].cells) other.ariaSort = null;
    heading.ariaSort = up ? "ascending" : "descending";
    const text = (line) => line.cells[column].textContent;
    const lines = [...errors.tBodies[0].rows];
    lines.sort((a, b) => text(a).localeCompare(text(b), undefined, {numeric: true}) * (up ? 1 : -1));
    errors.tBodies[0].append(...lines);
  });
  errors.addEventListener("click", (event) => {
    const button = event.target.closest(".play");
    if (button) play(button.dataset.utterance, button);
  });
}
