"""What people read of a recogniser."""

from adan.recognition.card import as_text


def test_the_card_in_words(make_recognizer, make_speakers):
    recognizer = make_recognizer().fit(*make_speakers())
    lines = as_text(recognizer.card_).splitlines()
    assert max(map(len, lines)) <= 100
    assert lines[0] == "corpus           not named: 60 utterances, 3 speakers"
    of = "dnn, hidden (8,), steps 100"
    assert f"training         {of} on real vectors and 1 times as many by adan, seed 0" in lines
    assert any(line.startswith("unseen speakers  WA ") for line in lines)
    assert any(line.startswith("calibration      the label's probability is") for line in lines)
    assert any(line.startswith("enrolment        WA / UAR after so many") for line in lines)
    told = recognizer.held_out_
    of_anger = (told["predicted"] == "anger")[told["true"] == "anger"].mean()
    assert any(
        line.startswith(f"recall           anger {of_anger:.0%}".replace("%", " %"))
        for line in lines
    )


def test_what_was_chosen_is_told_with_what_it_was_chosen_from(make_recognizer, make_speakers):
    recognizer = make_recognizer(classifier="auto", synthesizer="auto").fit(*make_speakers())
    (line,) = (line for line in as_text(recognizer.card_).splitlines() if "chosen" in line)
    assert recognizer.card_["classifier"] in line
    assert len(recognizer.card_["choice"]) == 6


def test_what_was_not_used_or_measured_is_not_told(make_recognizer, make_speakers):
    X, y, _ = make_speakers()
    lines = as_text(make_recognizer(times=0, classifier="svm").fit(X, y).card_).splitlines()
    assert lines[0] == "corpus           not named: 60 utterances, unnamed speakers"
    assert "training         svm on real vectors, seed 0" in lines
    assert "unseen speakers  not measured (no speakers were given)" in lines
    assert "calibration      none (no speakers were given)" in lines
