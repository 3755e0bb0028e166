"""Names, and the modules, functions and views that they refer to."""

NAMES = {
    "PQ0201": "there is no collection {name}",
    "PQ0202": "{where} has no field {name}",
    "PQ0203": "there is no function {name}",
    "PQ0204": "there is no type {name}",
    "PQ0205": "the name {name} is given twice",
    "PQ0206": "${name} is declared twice",
    "PQ0207": "the name {name} is in use for a let, a view or a collection",
    "PQ0208": "{stage} has no option {name}; it takes {options}",
    "PQ0209": "there is no fusion called {name}",
    "PQ0210": "{name} was left out by an earlier stage; keep it there",
    "PQ0211": "{name} can't be read here, where there is no row; text is written in double quotes",
    "PQ0212": "the type {name} {expected}",
    "PQ0213": "{name} is a part of {whole}, and both are here; give the part a name of its own: {better}",
    "PQ0221": "{name} calls itself; a function is put in the place of its calls, so that would never end",
    "PQ0222": "{name} has become too large with all that it calls; name a part of it with extend",
    "PQ0224": "the module {path} has an error: {message}",
    "PQ0225": "a module declares its parameters: param {name}: type",
    "PQ0226": "the {what} {name} no longer fits what it is made from: {message}",
    "PQ0227": "there is no {what} {name}",
    "PQ0228": "a view is kept without the text around it, so it can't use {name} unless it is its parameter: "
    "view name({name}: type) = ...",
    "PQ0229": "{name} takes values: write from {usage}",
    "PQ0230": "{name} takes no values: its name alone is the source",
    "PQ0231": "{name} needs a default, because a parameter before it has one",
    "PQ0232": "{name} is made from itself; a pipeline is put in the place of its uses, so that would never end",
    "PQ0233": "modules are found next to a script, and this text has no file; save it as one",
    "PQ0234": "there is no module {path} next to this text",
    "PQ0235": "{path} is not a path relative to this text: write such as lib/mail.paasq",
    "PQ0236": "{path} leads out of the project {project}; put the module into it",
    "PQ0237": "{path} is too large for a module, which may have {most} characters at most; split it",
    "PQ0238": "{path} uses itself, or what it uses does",
    "PQ0239": "{path} is used by a module of a module, more than {most} deep; use it from a module nearer to the "
    "script",
    "PQ0240": "there is no collection {name}; if it was dropped, declare a collection of that name again, with its key, "
    "and forget its records then",
}
