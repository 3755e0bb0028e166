"""Regular expressions as RE2 reads them: without backreferences or lookaround, in time linear to the text."""

from paasq_dsl.functions.signature import function

FUNCTIONS = (
    function("matches", "string, string -> bool",
             "Is there a place in the text that the regular expression fits? (?i) at its start takes no heed of case.",
             'matches("PEP 621", "^PEP [0-9]+$") == true'),
    function("extract", "string, string, int? -> text",
             "What the regular expression fits first: its first group, the whole where it has none, or the group of a number "
             "(0 is the whole); null where it fits nowhere.", 'extract("PEP 621", "PEP ([0-9]+)") == "621"'),
    function("extract_all", "string, string -> [text]",
             "Everything that the regular expression fits: its first group, or the whole where it has none.",
             'join(extract_all("a1 b22", "[0-9]+"), ",") == "1,22"'),
    function("replace_regex", "string, string, string -> text",
             r"Each place that the regular expression fits, taken by a text in which \1 means the first group, \0 all.",
             r'replace_regex("2026-11", "([0-9]+)-([0-9]+)", "\\2/\\1") == "11/2026"'),
)  # fmt: skip
