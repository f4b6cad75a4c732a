"""What the frame itself costs."""

import subprocess
import sys


def run(code):
    return lambda: subprocess.run([sys.executable, "-c", code], check=True)


def test_importing_the_package_costs_at_most_1_3_times_numpy_and_pandas(compare):
    ours = "import rutrade, rutrade.data, rutrade.structure, rutrade.scenarios, rutrade.publish.figures"
    compare(
        "import rutrade / numpy + pandas",
        run(ours),
        run("import numpy, pandas"),
        1.3,
        repeats=11,
        versions=("pandas", "numpy"),
    )
