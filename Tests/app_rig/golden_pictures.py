"""Pictures of screens: holds what a browser drew against what is kept, pixel by pixel, and keeps it anew."""
import io
import pathlib

from PIL import Image, ImageChops

root = pathlib.Path(__file__).resolve().parents[2]
kept = root / "Sources/FleetWeb/FleetWeb.docc/Resources"
failed = root / ".build/golden"

# Kept pictures have 256 colours, a third of the bytes, none further than this from what it was, levels of 255 in a channel.
rounded = 7
# One machine draws the same twice, bit for bit. Another rounds where half-transparent things lie on each other, such as
# the edges of letters, by a level or two. Ten in all are still less than anybody sees.
ignored = 10
# What is left for edges that fall between two pixels: in a picture of a phone about twenty pixels, of a desk forty to
# ninety. One letter that changes has eighty, a word several hundred, and a row of pixels by which something moves more.
limit = 0.00003


def opened(content):
    return Image.open(io.BytesIO(content)).convert("RGB")


def differing(one, other):
    """White where two pictures of a size differ in any channel, else black."""
    red, green, blue = ImageChops.difference(one, other).split()
    most = ImageChops.lighter(ImageChops.lighter(red, green), blue)
    return most.point(lambda level: 255 if level > ignored else 0)


def fault(name, content):
    """What is wrong with a picture, None when it is as the kept one; `content` is a PNG."""
    path = kept / f"{name}.png"
    if not path.exists():
        return f"{name}: there is no picture to compare with; AMPHORA_GOLDEN=record makes it"
    golden, found = Image.open(path).convert("RGB"), opened(content)
    if golden.size != found.size:
        return f"{name}: expected {golden.width}x{golden.height} pixels, found {found.width}x{found.height}"
    count = differing(golden, found).histogram()[255]
    share = count / (golden.width * golden.height)
    if share <= limit:
        return None
    return f"{name}: {count} pixels differ, {share:.4%} of all, allowed {limit:.4%}"


def show(name, content):
    """Keeps a picture that is not as it should be, and what differs, red on its pale self; gives the folder."""
    failed.mkdir(parents=True, exist_ok=True)
    (failed / f"{name}.found.png").write_bytes(content)
    path = kept / f"{name}.png"
    if path.exists():
        golden, found = Image.open(path).convert("RGB"), opened(content)
        size = (max(golden.width, found.width), max(golden.height, found.height))
        one, other = (Image.new("RGB", size, "black") for _ in range(2))
        one.paste(golden)
        other.paste(found)
        pale = Image.blend(other, Image.new("RGB", size, "white"), 0.7)
        pale.paste(Image.new("RGB", size, (208, 0, 0)), mask=differing(one, other))
        pale.save(failed / f"{name}.difference.png")
    return failed


def keep(name, content):
    """Makes a picture the kept one, unless that has the same pixels already."""
    path, found = kept / f"{name}.png", opened(content)
    if path.exists():
        golden = Image.open(path).convert("RGB")
        if golden.size == found.size and not differing(golden, found).getbbox():
            return
    small = found.quantize(256, method=Image.Quantize.MAXCOVERAGE, kmeans=3, dither=Image.Dither.NONE)
    furthest = max(most for _, most in ImageChops.difference(found, small.convert("RGB")).getextrema())
    (small if furthest <= rounded else found).save(path, optimize=True)
