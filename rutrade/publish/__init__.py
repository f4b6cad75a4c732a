"""From notebooks to the published book. Nothing here computes a result.

In notebooks: figures (charts) and tables (tables, sentences, recorded values), in the common style. For the book: runs
(executions) -> pages and claims (generated) -> build (all of it) with polish, pdf and check; explorer makes the data of
its page; sphinx is the book's extension.
"""
