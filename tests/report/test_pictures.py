"""What stands under a picture says how many."""

import pandas as pd

from workbench.report.panels import counted


def test_n_is_given_as_a_range_where_it_differs():
    rows = pd.DataFrame({"n": [60, 40, 60], "same": [8, 8, 8]})
    assert counted("n = {range:n} of {range:same}, {range:gone}", rows) == "n = 40 to 60 of 8, –"
