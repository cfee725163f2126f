"""What libexpat says about each document: `python3 record.py > expat.txt`, run by hand with CPython.

`documents.txt` has one document a line, as the inside of a bytes literal. For each of them and each mode the events follow,
in the words of `events.rs`.
"""

import pathlib
import sys
from xml.parsers import expat


def escape(text):
    if text is None:
        return "-"
    return '"' + "".join(c if " " <= c <= "~" and c not in '\\"' else f"\\{ord(c):x};" for c in text) + '"'


def model(m):
    kind, quantifier, name, children = m
    return f"({kind} {quantifier} {escape(name)} {' '.join(model(child) for child in children)})"


MODES = {
    "plain": {},
    "namespaces": {"namespace_separator": " "},
    "prefixes": {"namespace_separator": " "},
    "texts": {},
    "parameters": {},
}


def events(document, mode):
    parser = expat.ParserCreate(**MODES[mode])
    lines = []

    def tell(name, *words):
        at = f"{parser.CurrentLineNumber}:{parser.CurrentColumnNumber}:{parser.CurrentByteIndex}"
        lines.append((at, name, words))

    if mode == "prefixes":
        parser.namespace_prefixes = True
    if mode == "parameters":
        parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_UNLESS_STANDALONE)
    parser.ordered_attributes = True
    if mode == "texts":
        parser.DefaultHandler = lambda text: tell("default", escape(text))
    else:
        parser.StartElementHandler = lambda name, attributes: tell("start", escape(name), *map(escape, attributes))
        parser.EndElementHandler = lambda name: tell("end", escape(name))
        parser.CharacterDataHandler = lambda text: tell("text", text)
        parser.ProcessingInstructionHandler = lambda target, data: tell("instruction", escape(target), escape(data))
        parser.CommentHandler = lambda text: tell("comment", escape(text))
        parser.StartCdataSectionHandler = lambda: tell("cdata")
        parser.EndCdataSectionHandler = lambda: tell("/cdata")
        parser.StartNamespaceDeclHandler = lambda prefix, uri: tell("namespace", escape(prefix), escape(uri))
        parser.EndNamespaceDeclHandler = lambda prefix: tell("/namespace", escape(prefix))
        parser.XmlDeclHandler = lambda version, encoding, standalone: tell(
            "xml", escape(version), escape(encoding), str(standalone)
        )
        parser.StartDoctypeDeclHandler = lambda name, system, public, subset: tell(
            "doctype", escape(name), escape(system), escape(public), str(subset)
        )
        parser.EndDoctypeDeclHandler = lambda: tell("/doctype")
        parser.ElementDeclHandler = lambda name, content: tell("element", escape(name), model(content))
        parser.AttlistDeclHandler = lambda element, attribute, kind, default, required: tell(
            "attlist", escape(element), escape(attribute), escape(kind), escape(default), str(required)
        )
        parser.EntityDeclHandler = lambda name, parameter, value, base, system, public, notation: tell(
            "entity", escape(name), str(parameter), escape(value), escape(system), escape(public), escape(notation)
        )
        parser.NotationDeclHandler = lambda name, base, system, public: tell(
            "notation", escape(name), escape(system), escape(public)
        )
        parser.SkippedEntityHandler = lambda name, parameter: tell("skipped", escape(name), str(parameter))

        def not_standalone():
            tell("not-standalone")
            return 1

        parser.NotStandaloneHandler = not_standalone

        def external(context, base, system, public):
            tell("external", escape(system), escape(public))
            return 1

        # Parameter entities that stand elsewhere are not read, which is what expat does without this handler.
        if mode != "parameters":
            parser.ExternalEntityRefHandler = external
    try:
        parser.Parse(document, True)
    except expat.ExpatError as error:
        at = f"{parser.ErrorLineNumber}:{parser.ErrorColumnNumber}:{parser.ErrorByteIndex}"
        lines.append((at, "error", (str(error.code),)))
    except LookupError:
        lines.append(("1:0:0", "lookup", ()))
    joined = []
    for at, name, words in lines:
        if joined and name == joined[-1][1] in ("text", "default"):
            if name == "default":
                words = (joined[-1][2][0][:-1] + words[0][1:],)
                joined[-1] = (joined[-1][0], name, words)
            else:
                joined[-1] = (joined[-1][0], name, (joined[-1][2][0] + words[0],))
        else:
            joined.append((at, name, words))
    for at, name, words in joined:
        yield " ".join([at, name, *(map(escape, words) if name == "text" else words)])


def main():
    folder = pathlib.Path(__file__).parent
    for number, line in enumerate((folder / "documents.txt").read_text().splitlines()):
        document = eval(f"b'{line}'")
        for mode in MODES:
            print(f"# {number} {mode}")
            for event in events(document, mode):
                print(event)


print(f"{expat.EXPAT_VERSION}", file=sys.stderr)
main()
