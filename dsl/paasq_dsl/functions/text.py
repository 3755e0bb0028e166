"""Functions over text."""

from paasq_dsl.functions.signature import function

FUNCTIONS = (
    function("lower", "string -> text", "The text in lower case.", 'lower("PEP") == "pep"'),
    function("upper", "string -> text", "The text in upper case.", 'upper("pep") == "PEP"'),
    function("trim", "string -> text", "The text without white space around it.", 'trim("  a ") == "a"'),
    function("length", "string -> int; [any] -> int", "Characters of a text, or items of a list.", 'length("naïve") == 5'),
    function("contains", "string, string -> bool", "Does the first text contain the second? Case counts.",
             'contains("PEP 8", "8") == true'),
    function("starts_with", "string, string -> bool", "Does the first text begin with the second?",
             'starts_with("3.12", "3.") == true'),
    function("ends_with", "string, string -> bool", "Does the first text end with the second?",
             'ends_with("a.py", ".py") == true'),
    function("concat", "any... -> text", "The texts of all arguments, one behind the other; null adds nothing.",
             'concat("PEP ", 8) == "PEP 8"'),
    function("replace", "string, string, string -> text", "The first text, each place of the second taken by the third.",
             'replace("a-b", "-", "+") == "a+b"'),
    function("substring", "string, int, int? -> text", "From a position (0 is the first), so many characters or to the end.",
             'substring("paasq", 1, 2) == "aa"'),
    function("split", "string, string -> [text]", "The parts of a text between a separator.",
             'length(split("a,b,c", ",")) == 3'),
    function("words", "string -> int", "How many words a text has, parted by white space.", 'words("to be or") == 3'),
    function("snippet", "text, int? -> text",
             "The part of a text field that answers the last match or find best, in so many characters (200).",
             "length(snippet(title, 80)) <= 80"),
    function("highlight", "text, int? -> text",
             "The text with the words of the last match or find between « and »; with a number only the best part of it, in so "
             "many characters, the marks not counted.",
             'highlight(title) != ""'),
)  # fmt: skip
