"""Files as people send them, and as people send them who mean harm; made here, so that no such file lies about."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Callable

import pikepdf
from pikepdf import Array, Dictionary, Name, Pdf, Stream
from PIL import Image, ImageDraw

from identity_provider.sandbox.clamd_wire import EICAR

SECRET_PLACE = "51.5034"
GIF = (
    b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;"
)
HEIC = b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic" + bytes(200)
PROGRAM = b"MZ\x90\x00" + bytes(500)
WEB_PAGE = b"<!doctype html><script>alert(1)</script>"


def picture(width: int = 400, height: int = 300, mode: str = "RGB") -> Image.Image:
    """White, with a red corner at the top left."""
    made = Image.new("RGB", (width, height), "white")
    ImageDraw.Draw(made).rectangle((0, 0, width // 4, height // 4), fill="red")
    return made.convert(mode)


def jpeg(made: Image.Image | None = None, *, orientation: int = 1) -> bytes:
    """With what a phone writes into it besides: where it was taken, and which side is up."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010E] = f"taken at {SECRET_PLACE}"
    out = io.BytesIO()
    (made or picture()).save(out, "JPEG", exif=exif, comment=b"<script>alert(1)</script>")
    return out.getvalue()


def png(made: Image.Image | None = None) -> bytes:
    out = io.BytesIO()
    (made or picture()).save(out, "PNG")
    return out.getvalue()


def png_bomb() -> bytes:
    """A few bytes that say that they are 3.6 gigapixels."""
    sent = bytearray(png())
    sent[16:24] = (60_000).to_bytes(4, "big") * 2
    sent[29:33] = zlib.crc32(sent[12:29]).to_bytes(4, "big")
    return bytes(sent)


def an_archive() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("malware.exe", PROGRAM)
    return out.getvalue()


def pdf(change: Callable[[Pdf], None] | None = None, *, pages: int = 1, **saved: object) -> bytes:
    """Pages with a black square each, and whatever `change` adds."""
    out = io.BytesIO()
    with pikepdf.new() as made:
        for _number in range(pages):
            page = made.add_blank_page(page_size=(595, 842))
            page.Contents = made.make_stream(b"0 0 0 rg 100 100 200 200 re f")
        if change is not None:
            change(made)
        made.save(out, **saved)  # type: ignore[arg-type]  # passed on as they come
    return out.getvalue()


def locked(user: str) -> bytes:
    return pdf(encryption=pikepdf.Encryption(owner="the owner's", user=user))


def packed(content: bytes, **more: object) -> Callable[[Pdf], None]:
    """Make this the drawing of the first page, packed as tightly as can be."""

    def change(made: Pdf) -> None:
        stream = Stream(made, content, **more)
        stream.Filter = Name.FlateDecode
        made.pages[0].Contents = made.make_indirect(stream)

    return change


def pdf_bomb(megabytes: int) -> bytes:
    """A drawing that grows a thousandfold."""
    packing = zlib.compressobj(9)
    content = b"".join(packing.compress(bytes(1 << 20)) for _ in range(megabytes)) + packing.flush()
    return pdf(packed(content), compress_streams=False, stream_decode_level=pikepdf.StreamDecodeLevel.none)


def pdf_with_eicar() -> bytes:
    return pdf(packed(zlib.compress(EICAR)))


def pdf_with_huge_picture() -> bytes:
    def change(made: Pdf) -> None:
        image = Stream(made, b"\0", Type=Name.XObject, Subtype=Name.Image, Width=50_000, Height=50_000)
        made.pages[0].Resources = Dictionary(XObject=Dictionary(Im0=made.make_indirect(image)))

    return pdf(change)


def form_that_only_another_program_shows(made: Pdf) -> None:
    made.Root.AcroForm = Dictionary(Fields=Array(), XFA=Array(["template", Stream(made, b"<xdp/>")]))
    made.Root.NeedsRendering = True


def script_on_opening(made: Pdf) -> None:
    made.Root.OpenAction = Dictionary(S=Name.JavaScript, JS="app.alert('HARM')")


def script_on_a_page(made: Pdf) -> None:
    made.pages[0].AA = Dictionary(O=Dictionary(S=Name.JavaScript, JS="app.alert('HARM')"))


def script_by_name(made: Pdf) -> None:
    script = made.make_indirect(Dictionary(S=Name.JavaScript, JS=Stream(made, b"app.alert('HARM')")))
    made.Root.Names = Dictionary(JavaScript=Dictionary(Names=Array(["HARM", script])))


def program_to_launch(made: Pdf) -> None:
    made.Root.OpenAction = Dictionary(S=Name.Launch, F="HARM.exe")


def link_elsewhere(made: Pdf) -> None:
    link = Dictionary(S=Name.URI, URI="https://HARM.example/")
    note = Dictionary(Type=Name.Annot, Subtype=Name.Link, Rect=Array([0, 0, 600, 800]), A=link)
    made.pages[0].Annots = Array([made.make_indirect(note)])


def attached_program(made: Pdf) -> None:
    file = Dictionary(Type=Name.Filespec, F="HARM.exe", EF=Dictionary(F=Stream(made, b"HARM" + PROGRAM)))
    made.Root.Names = Dictionary(EmbeddedFiles=Dictionary(Names=Array(["HARM", made.make_indirect(file)])))
    made.pages[0].AF = Array([made.make_indirect(file)])


def film(made: Pdf) -> None:
    content = Dictionary(Assets=Dictionary(Names=Array(["HARM.swf", Dictionary(F="HARM.swf")])))
    note = Dictionary(Type=Name.Annot, Subtype=Name.RichMedia, Rect=Array([0, 0, 9, 9]), RichMediaContent=content)
    made.pages[0].Annots = Array([made.make_indirect(note)])


def form_that_sends(made: Pdf) -> None:
    field = Dictionary(FT=Name.Btn, T="HARM", A=Dictionary(S=Name.SubmitForm, F="https://HARM.example/"))
    made.Root.AcroForm = Dictionary(Fields=Array([made.make_indirect(field)]))


def picture_from_elsewhere(made: Pdf) -> None:
    """A form XObject that refers to another file, and a picture whose content lies in one."""
    elsewhere = Dictionary(Type=Name.Filespec, F="https://HARM.example/", FS=Name.URL)
    form = Stream(made, b"", Type=Name.XObject, Subtype=Name.Form, BBox=Array([0, 0, 9, 9]))
    form.Ref = Dictionary(F=elsewhere)
    image = Stream(made, b"\0", Type=Name.XObject, Subtype=Name.Image, Width=1, Height=1, BitsPerComponent=8)
    image.F = elsewhere
    drawn = Dictionary(Fm0=made.make_indirect(form), Im0=made.make_indirect(image))
    made.pages[0].Resources = Dictionary(XObject=drawn)


def program_for_a_printer(made: Pdf) -> None:
    program = Stream(made, b"HARM", Type=Name.XObject, Subtype=Name.PS)
    made.pages[0].Resources = Dictionary(XObject=Dictionary(Ps0=made.make_indirect(program)))


def written_about_itself(made: Pdf) -> None:
    with made.open_metadata() as metadata:
        metadata["dc:title"] = "HARM"
    made.docinfo["/Author"] = "HARM"


HARMS: list[Callable[[Pdf], None]] = [
    *(script_on_opening, script_on_a_page, script_by_name, program_to_launch, link_elsewhere, attached_program, film),
    *(form_that_sends, picture_from_elsewhere, program_for_a_printer, written_about_itself),
]


def form_that_was_filled_in(made: Pdf) -> None:
    """A field whose look is known, and is to be seen afterwards, and one of our own drawing that draws itself."""
    look = Stream(made, b"1 0 0 rg 0 0 50 20 re f", Type=Name.XObject, Subtype=Name.Form, BBox=Array([0, 0, 50, 20]))
    field = Dictionary(
        Type=Name.Annot,
        Subtype=Name.Widget,
        FT=Name.Tx,
        T="name",
        V="Kate Bush",
        F=4,
        Rect=Array([100, 700, 150, 720]),
        AP=Dictionary(N=made.make_indirect(look)),
    )
    widget = made.make_indirect(field)
    made.pages[0].Annots = Array([widget])
    made.Root.AcroForm = Dictionary(Fields=Array([widget]))


def drawing_that_draws_itself(made: Pdf) -> None:
    form = made.make_indirect(Stream(made, b"/Fm0 Do", Type=Name.XObject, Subtype=Name.Form, BBox=Array([0, 0, 9, 9])))
    form.Resources = Dictionary(XObject=Dictionary(Fm0=form))
    made.pages[0].Resources = Dictionary(XObject=Dictionary(Fm0=form))


def arrays_without_end(made: Pdf) -> None:
    nested = Array()
    for _depth in range(90):
        nested = Array([nested])
    made.pages[0].Resources = Dictionary(ColorSpace=Dictionary(Cs0=nested))


def everything_in(content: bytes) -> bytes:
    """A PDF with nothing packed, so that one can look for what must not be in it."""
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(content)) as made:
        made.save(
            out,
            compress_streams=False,
            stream_decode_level=pikepdf.StreamDecodeLevel.generalized,
            object_stream_mode=pikepdf.ObjectStreamMode.disable,
        )
    return out.getvalue()
