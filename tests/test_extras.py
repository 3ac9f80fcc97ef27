import pytest

from adan import AdanError
from adan._extras import require


def test_the_first_package_that_is_missing_is_named_with_its_extra():
    require("audio", "numpy")
    with pytest.raises(AdanError, match=r"^not_there is not installed: pip install 'adan\[x\]'$"):
        require("x", "numpy", "not_there", "nor_this")
