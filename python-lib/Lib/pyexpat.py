"""XML parsers with expat's interface, in this process's one thread.

RustPython's own module of that name starts a thread for each parser, and says nothing of a document that is not well-formed.
The parser behind this one is in Rust, and is held against libexpat by its tests.
"""

import sys

import _cloison
import _weakref

__version__ = "3.14"
EXPAT_VERSION = "expat_2.7.1"
version_info = (2, 7, 1)
native_encoding = "UTF-8"
features = [("sizeof(XML_Char)", 1), ("sizeof(XML_LChar)", 1), ("XML_CONTEXT_BYTES", 0), ("XML_NS", 0)]

XML_PARAM_ENTITY_PARSING_NEVER = 0
XML_PARAM_ENTITY_PARSING_UNLESS_STANDALONE = 1
XML_PARAM_ENTITY_PARSING_ALWAYS = 2


class ExpatError(Exception):
    """What is wrong with a document: `code`, `lineno`, `offset`."""


ExpatError.__module__ = "xml.parsers.expat"
error = ExpatError

model = type(sys)("pyexpat.model", "Constants used to interpret content model information.")
model.XML_CTYPE_EMPTY, model.XML_CTYPE_ANY, model.XML_CTYPE_MIXED = 1, 2, 3
model.XML_CTYPE_NAME, model.XML_CTYPE_CHOICE, model.XML_CTYPE_SEQ = 4, 5, 6
model.XML_CQUANT_NONE, model.XML_CQUANT_OPT, model.XML_CQUANT_REP, model.XML_CQUANT_PLUS = 0, 1, 2, 3

errors = type(sys)("pyexpat.errors", "Constants used to describe error conditions.")
errors.codes, errors.messages = {}, {}
for _code, _name, _text in _cloison.xml_errors():
    setattr(errors, _name, _text)
    errors.codes[_text] = _code
    errors.messages[_code] = _text
del _code, _name, _text


def ErrorString(code):
    """Return an error's text."""
    return errors.messages.get(code)


# By the order that `_cloison.XmlParser` knows.
_HANDLERS = [
    f"{name}Handler"
    for name in (
        "StartElement EndElement ProcessingInstruction CharacterData UnparsedEntityDecl NotationDecl "
        "StartNamespaceDecl EndNamespaceDecl Comment StartCdataSection EndCdataSection Default _DefaultExpand "
        "NotStandalone ExternalEntityRef StartDoctypeDecl EndDoctypeDecl EntityDecl XmlDecl ElementDecl AttlistDecl "
        "SkippedEntity"
    ).split()
]
_HANDLERS[_HANDLERS.index("_DefaultExpandHandler")] = "DefaultHandlerExpand"
_SETTINGS = ["buffer_text", "_buffer_size", "ordered_attributes", "specified_attributes", "_intern", "_base"]
_TEXT, _BUFFER_TEXT = 3, 22


class xmlparser:
    """A parser, made by `ParserCreate`."""

    __slots__ = ("_parser", "_values", "_busy", "_started", "_finished", "_error", "namespace_prefixes", "_deferral", "__weakref__")

    def __init__(self, *args, **kwargs):
        raise TypeError("cannot create 'pyexpat.xmlparser' instances")

    def _start(self, parser, intern):
        self._parser = parser
        self._values = [None] * len(_HANDLERS) + [False, 8192, False, False, intern, None]
        self._busy = False
        self._started = False
        self._finished = False
        self._error = None
        self.namespace_prefixes = False
        self._deferral = True
        return self

    def Parse(self, data, isfinal=False, /):
        """Parse a piece of a document, the last one if `isfinal`."""
        if isinstance(data, str):
            self._parser.set_encoding("utf-8")
            data = data.encode()
        return self._feed(data, bool(isfinal))

    def ParseFile(self, file, /):
        """Parse what a file object's `read` gives."""
        read = getattr(file, "read", None)
        if read is None:
            raise TypeError("argument must have 'read' attribute")
        while True:
            data = read(2048)
            if not isinstance(data, (bytes, bytearray)):
                raise TypeError(f"read() did not return a bytes object (type={type(data).__name__})")
            result = self._feed(data, not data)
            if not data:
                return result

    def _feed(self, data, final):
        if self._busy:
            raise RuntimeError("cannot call Parse() or ParseFile() from a handler of the same parser")
        if self._error is not None:
            self._fail(self._error)
        if self._finished:
            self._fail(36)
        parser = self._parser
        parser.set_prefixes(bool(self.namespace_prefixes))
        self._busy = self._started = True
        try:
            parser.feed(data, final)
            problem = parser.run(self._values)
            while isinstance(problem, str):
                parser.set_table(_table(problem))
                problem = parser.run(self._values)
        except BaseException:
            # As in CPython, a handler that fails was the last one.
            self._values[: len(_HANDLERS)] = [None] * len(_HANDLERS)
            raise
        finally:
            self._busy = False
        if problem is not None:
            self._fail(problem)
        self._finished = final
        return 1

    def _fail(self, code):
        line, column, _ = self._parser.position()
        failure = ExpatError(f"{ErrorString(code)}: line {line}, column {column}")
        failure.code, failure.lineno, failure.offset = code, line, column
        self._error = code
        raise failure

    def ExternalEntityParserCreate(self, context, encoding=None, /):
        """Return a parser of an entity that stands outside of the document, with the same handlers."""
        other = object.__new__(xmlparser)._start(self._parser.child(encoding), self._values[-2])
        other._values[:] = self._values
        other.namespace_prefixes = self.namespace_prefixes
        return other

    def SetParamEntityParsing(self, flag, /):
        """Set whether parameter entities are read, before the first piece of a document; return whether that could be done.

        Those that stand elsewhere, and the external subset, are not read, as without `ExternalEntityRefHandler`.
        """
        if (self._started and not self._finished) or flag not in (0, 1, 2):
            return 0
        self._parser.set_parameters(flag)
        return 1

    def UseForeignDTD(self, flag=True, /):
        """Nothing: a document type that stands elsewhere is not read."""

    def SetBase(self, base, /):
        """Set what relative identifiers are relative to."""
        self._values[-1] = base

    def GetBase(self):
        """Return it."""
        return self._values[-1]

    def GetInputContext(self):
        """Return None: what has been read is not kept."""
        return None

    def SetReparseDeferralEnabled(self, enabled, /):
        """Set what `GetReparseDeferralEnabled` returns. Nothing is parsed twice here."""
        self._deferral = bool(enabled)

    def GetReparseDeferralEnabled(self):
        """Return what was set."""
        return self._deferral

    @property
    def intern(self):
        """The names that have come."""
        return self._values[-2]

    @property
    def buffer_size(self):
        """How much text is collected if `buffer_text` is true."""
        return self._values[_BUFFER_TEXT + 1]

    @buffer_size.setter
    def buffer_size(self, size):
        if not isinstance(size, int):
            raise TypeError("buffer_size must be an integer")
        if size <= 0:
            raise ValueError("buffer_size must be greater than zero")
        self._values[_BUFFER_TEXT + 1] = size

    @property
    def buffer_used(self):
        """How much has been collected: between two pieces of a document, nothing."""
        return 0

    ErrorCode = property(lambda self: self._error or 0)
    CurrentLineNumber = ErrorLineNumber = property(lambda self: self._parser.position()[0])
    CurrentColumnNumber = ErrorColumnNumber = property(lambda self: self._parser.position()[1])
    CurrentByteIndex = ErrorByteIndex = property(lambda self: self._parser.position()[2])


def _place(index, convert):
    def get(self):
        return self._values[index]

    def set(self, value):
        self._values[index] = convert(value)

    return property(get, set)


for _index, _name in enumerate(_HANDLERS):
    setattr(xmlparser, _name, _place(_index, lambda value: value))
for _index, _name in enumerate(_SETTINGS):
    if not _name.startswith("_"):
        setattr(xmlparser, _name, _place(len(_HANDLERS) + _index, bool))
del _index, _name

XMLParserType = xmlparser


def _table(encoding):
    """The 256 characters of an encoding of single bytes; LookupError if there is none of that name."""
    text = bytes(range(256)).decode(encoding, "replace")
    if len(text) != 256:
        raise ValueError("multi-byte encodings are not supported")
    return text


def ParserCreate(encoding=None, namespace_separator=None, intern=None):
    """Return a parser. With `namespace_separator` namespaces are resolved, and it stands between them and names."""
    if encoding is not None and not isinstance(encoding, str):
        raise TypeError(f"ParserCreate() argument 'encoding' must be str or None, not {type(encoding).__name__}")
    if namespace_separator is not None:
        if not isinstance(namespace_separator, str):
            kind = type(namespace_separator).__name__
            raise TypeError(f"ParserCreate() argument 'namespace_separator' must be str or None, not {kind}")
        if len(namespace_separator) > 1:
            raise ValueError("namespace_separator must be at most one character, omitted, or None")
    if intern is None:
        intern = {}
    elif not isinstance(intern, dict):
        raise TypeError("intern must be a dictionary")
    global _newest
    parser = object.__new__(xmlparser)._start(_cloison.xml_parser(encoding, namespace_separator), intern)
    _newest = _weakref.ref(parser)
    return parser


# The parser that has been made last, for `cloison._corrections`: ElementTree's keeps its own out of Python's sight.
_newest = None
