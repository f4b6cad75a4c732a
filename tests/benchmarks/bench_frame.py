"""What the frame itself costs."""

import resource
import statistics
import subprocess
import sys


def processor_seconds(code):
    """Processor time of an interpreter that runs `code`: what else the machine does meanwhile does not count."""

    def used():
        children = resource.getrusage(resource.RUSAGE_CHILDREN)
        return children.ru_utime + children.ru_stime

    before = used()
    subprocess.run([sys.executable, "-c", code], check=True)
    return used() - before


def test_importing_the_package_costs_at_most_1_3_times_numpy_and_pandas(compare):
    ours = "import rutrade, rutrade.data, rutrade.structure, rutrade.scenarios, rutrade.publish.figures"
    peer = "import numpy, pandas"
    for code in (ours, peer):
        processor_seconds(code)
    rounds = [(processor_seconds(ours), processor_seconds(peer)) for _ in range(11)]
    mine, theirs = map(statistics.median, zip(*rounds, strict=True))
    compare.figures("import rutrade / numpy + pandas", mine, theirs, 1.3, "s CPU", ("pandas", "numpy"))
