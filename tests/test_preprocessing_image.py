"""Pictures: any file becomes (h, w, 3) uint8 RGB or a MediaError; sizes, crops, colour spaces."""

import struct
import zlib
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngImageFile

from mmrec_course.preprocessing import (
    MediaError,
    center_crop,
    convert_color,
    image,
    load_image,
    resize_image,
)

RED = (255, 0, 0)


@pytest.fixture
def picture():
    """A smooth RGB picture, 30 × 20, that JPEG keeps well."""
    y, x = np.mgrid[0:30, 0:20]
    return np.stack([8 * y, 12 * x, 255 - 8 * y], axis=2).astype(np.uint8)


@pytest.fixture
def save(tmp_path):
    """Write an array (RGB, RGBA or grey) with OpenCV."""

    def write(name, pixels):
        if pixels.ndim == 3:
            code = cv2.COLOR_RGBA2BGRA if pixels.shape[2] == 4 else cv2.COLOR_RGB2BGR
            pixels = cv2.cvtColor(pixels, code)
        assert cv2.imwrite(str(tmp_path / name), pixels)
        return tmp_path / name

    return write


@pytest.mark.parametrize(
    ("name", "tolerance"),
    [("a.png", 0), ("a.bmp", 0), ("a.tiff", 0), ("a.jpg", 12), ("a.webp", 12)],
)
def test_pixels_come_back_as_rgb(save, picture, name, tolerance):
    loaded = load_image(save(name, picture))
    assert loaded.dtype == np.uint8
    assert loaded.shape == picture.shape
    assert np.abs(loaded.astype(int) - picture).max() <= tolerance


def test_a_path_may_be_a_string(save, picture):
    assert load_image(str(save("a.png", picture))).shape == (30, 20, 3)


def test_grey_becomes_three_equal_channels(save, picture):
    grey = picture[:, :, 0]
    assert (load_image(save("grey.png", grey)) == grey[:, :, None]).all()


def test_sixteen_bits_are_scaled_to_eight(save, picture):
    assert (load_image(save("deep.png", picture.astype(np.uint16) * 257)) == picture).all()
    grey = picture[:, :, 0].astype(np.uint16) * 257
    assert (load_image(save("deepgrey.png", grey)) == picture[:, :, :1]).all()


def test_transparency_is_laid_on_white(save):
    rgba = np.zeros((1, 3, 4), np.uint8)
    rgba[0, :, 0] = 200
    rgba[0, :, 3] = (255, 0, 51)
    loaded = load_image(save("alpha.png", rgba))
    assert loaded[0].tolist() == [[200, 0, 0], [255, 255, 255], [244, 204, 204]]
    deep = load_image(save("deepalpha.png", rgba.astype(np.uint16) * 257))
    assert (deep == loaded).all()


@pytest.mark.parametrize(
    ("depth", "kind", "row", "key", "expected"),
    [
        (1, 0, b"\x80", (0,), [255, 255]),
        (1, 0, b"\x80", (1,), [255, 0]),
        (8, 0, b"\x00\x07", (0,), [255, 7]),
        (2, 0, b"\x60", (1,), [255, 170]),
        (4, 0, b"\x39", (9,), [51, 255]),
        (16, 0, b"\x4e\x20\x80\x80", (20_000,), [255, 128]),
        (16, 2, b"\x12\x34" * 3 + b"\x80\x80" * 3, (0x1234,) * 3, [255, 128]),
        (8, 2, b"\x00\x01\x02\x00\x01\x03", (0, 1, 2), [255, (0, 1, 3)]),
        (8, 4, b"\x07\x00\x08\xff", None, [255, 8]),
        (16, 4, b"\x07\x07\x00\x00\x08\x08\xff\xff", None, [255, 8]),
    ],
)
def test_a_png_of_any_kind_is_laid_on_white(tmp_path, depth, kind, row, key, expected):
    header = struct.pack(">IIBBBBB", 2, 1, depth, kind, 0, 0, 0)
    body = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header)
    if key is not None:
        body += chunk(b"tRNS", struct.pack(f">{len(key)}H", *key))
    body += chunk(b"IDAT", zlib.compress(b"\0" + row)) + chunk(b"IEND", b"")
    (tmp_path / "a.png").write_bytes(body)
    colors = [value if isinstance(value, tuple) else (value,) * 3 for value in expected]
    if kind == 0 and depth == 1 and key == (0,):
        colors = [(255,) * 3] * 2  # white ink, and paper that is seen through
    assert [tuple(pixel) for pixel in load_image(tmp_path / "a.png")[0].tolist()] == colors


@pytest.mark.parametrize(
    ("mode", "color", "options", "expected"),
    [
        ("P", 0, {"transparency": 0}, (255, 255, 255)),
        ("P", 1, {"transparency": 0}, (10, 20, 30)),
        ("P", 1, {"transparency": b"\xff\x33"}, (206, 208, 210)),
        ("LA", (10, 51), {}, (206, 206, 206)),
        ("LA", (10, 0), {}, (255, 255, 255)),
        ("PA", (1, 51), {}, (206, 208, 210)),
    ],
)
@pytest.mark.parametrize("form", ["PNG", "GIF", "TIFF", "WEBP"])
def test_every_mode_with_transparency_is_laid_on_white(
    tmp_path, form, mode, color, options, expected
):
    if (mode != "P" and form == "GIF") or (mode == "PA" and form != "TIFF"):
        pytest.skip("no such file")
    if mode == "P" and (form == "TIFF" or (form == "GIF" and options["transparency"] != 0)):
        pytest.skip("no such file")
    picture = Image.new(mode, (2, 2), color)
    if mode in ("P", "PA"):
        picture.putpalette([1, 2, 3, 10, 20, 30])
    if form == "WEBP":
        options = {**options, "lossless": True}
    if form == "WEBP" and mode == "P":
        picture.info, options = dict(options), {"lossless": True}
    picture.save(tmp_path / "a", form, **options)
    loaded = load_image(tmp_path / "a")
    assert np.abs(loaded.astype(int) - expected).max() <= 1


def exif(how):
    """EXIF data that say nothing but the orientation."""
    return b"MM\0*" + struct.pack(">IHHHIHHI", 8, 1, 0x112, 3, 1, how, 0, 0)


def chunk(kind, body):
    """A chunk of a PNG."""
    crc = zlib.crc32(kind + body)
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", crc)


def with_exif(path, how):
    """The same picture, held otherwise."""
    data, tag = path.read_bytes(), exif(how)
    if path.suffix == ".jpg":
        body = b"Exif\0\0" + tag
        data = data[:2] + b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body + data[2:]
    elif path.suffix == ".tiff":
        Image.open(path).save(path, exif=b"Exif\0\0" + tag)
        return path
    elif path.suffix == ".png":
        data = data[:33] + chunk(b"eXIf", tag) + data[33:]
    else:
        h, w = cv2.imread(str(path)).shape[:2]
        extended = struct.pack("<IHBHB", 8, w - 1, 0, h - 1, 0)
        body = b"WEBPVP8X" + struct.pack("<I", 10) + extended + data[12:]
        body += b"EXIF" + struct.pack("<I", len(tag)) + tag
        data = b"RIFF" + struct.pack("<I", len(body)) + body
    path.write_bytes(data)
    return path


# What EXIF 2.3 says of each number: where the stored first row and first column belong.
UPRIGHT = {
    1: lambda p: p,
    2: lambda p: p[:, ::-1],
    3: lambda p: p[::-1, ::-1],
    4: lambda p: p[::-1],
    5: lambda p: p.transpose(1, 0, 2),
    6: lambda p: np.rot90(p, -1),
    7: lambda p: p.transpose(1, 0, 2)[::-1, ::-1],
    8: lambda p: np.rot90(p),
}


@pytest.mark.parametrize("how", range(1, 9))
@pytest.mark.parametrize("kind", ["png", "webp", "jpg", "tiff"])
def test_a_picture_is_turned_as_its_camera_says(save, picture, kind, how):
    stored = load_image(save(f"stored.{kind}", picture))
    turned = load_image(with_exif(save(f"turned.{kind}", picture), how))
    upright = UPRIGHT[how](stored)
    assert turned.shape == upright.shape
    assert (turned == upright).all()
    assert turned.flags.c_contiguous


def test_an_orientation_that_makes_no_sense_is_ignored(save, picture):
    assert (load_image(with_exif(save("a.png", picture), 9)) == picture).all()
    path = save("b.png", picture)
    data = path.read_bytes()
    path.write_bytes(data[:33] + chunk(b"eXIf", b"no EXIF at all") + data[33:])
    assert (load_image(path) == picture).all()


def test_resizing_equals_opencv(picture):
    small = cv2.resize(picture, (7, 10), interpolation=cv2.INTER_AREA)
    large = cv2.resize(picture, (50, 40), interpolation=cv2.INTER_LINEAR)
    assert (resize_image(picture, (10, 7)) == small).all()
    assert (resize_image(picture, (40, 50)) == large).all()
    assert resize_image(picture, 16).shape == (16, 16, 3)


def test_one_pixel_is_a_picture(save):
    assert load_image(save("dot.png", np.full((1, 1, 3), RED, np.uint8))).tolist() == [[[*RED]]]


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.webp", "a.bmp", "a.tiff"])
@pytest.mark.parametrize("share", [0.02, 0.5, 0.9])
def test_a_file_cut_off_is_an_error_or_a_picture_but_never_noise(
    tmp_path, save, picture, capfd, name, share
):
    path = save(name, picture)
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share) + 3])
    with pytest.raises(MediaError, match=name):
        load_image(path)
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.webp", "a.gif", "a.tiff"])
def test_flipped_bytes_never_crash_and_never_speak(save, picture, capfd, name):
    path = save(name, picture)
    whole = path.read_bytes()
    rng = np.random.default_rng(0)
    for _ in range(100):
        data = bytearray(whole)
        for place in rng.integers(len(data), size=3):
            data[place] ^= int(rng.integers(1, 256))
        path.write_bytes(data)
        try:
            loaded = load_image(path)
        except MediaError as error:
            assert str(error).startswith(name)
        else:
            assert loaded.ndim == 3
            assert loaded.shape[2] == 3
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "a.png: the file is empty"),
        (b"hello", "a.png: not a PNG, JPEG, WebP, GIF, BMP or TIFF picture"),
        *(
            (
                start,
                "a.png: the picture's header is cut off, damaged, or of a kind that is not read",
            )
            for start in (
                b"\x89PNG\r\n\x1a\n",
                b"\xff\xd8\xff",
                b"\xff\xd8\xff\xe0\x00\x10JFIF",
                b"RIFF\x00\x00\x00\x00WEBPVP8X",
                b"GIF89a\x01\x00\x01\x00",
                b"BM" + bytes(50),
                b"II*\0" + bytes(50),
            )
        ),
    ],
)
def test_what_is_no_picture_is_an_error(tmp_path, content, reason):
    (tmp_path / "a.png").write_bytes(content)
    with pytest.raises(MediaError) as caught:
        load_image(tmp_path / "a.png")
    assert str(caught.value) == reason


def test_a_missing_file_is_an_error(tmp_path):
    with pytest.raises(MediaError, match=r"gone\.png: there is no such file"):
        load_image(tmp_path / "gone.png")


def test_a_bomb_is_refused_by_its_header_before_decoding(tmp_path, monkeypatch):
    header = struct.pack(">IIBBBBB", 30_000, 30_000, 8, 2, 0, 0, 0)
    body = zlib.compress(bytes(100_000))
    bomb = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", body)
    (tmp_path / "bomb.png").write_bytes(bomb + chunk(b"IEND", b""))
    monkeypatch.setattr(PngImageFile, "load", lambda *_: pytest.fail("was decoded"))
    with pytest.raises(MediaError, match=r"bomb\.png: 30,000 × 30,000 pixels, over the limit"):
        load_image(tmp_path / "bomb.png")


def test_a_file_too_large_is_refused_before_reading(save, picture, monkeypatch):
    path = save("a.png", picture)
    monkeypatch.setattr(image, "MAX_BYTES", 10)
    with pytest.raises(MediaError, match="over the limit of 10"):
        load_image(path)


def test_the_name_does_not_matter(save, picture):
    path = save("a.png", picture)
    assert (load_image(path.rename(path.with_suffix(".jpg"))) == picture).all()


def test_of_an_animation_the_first_frame_is_taken(tmp_path, picture):
    animation = cv2.Animation()
    animation.frames = [cv2.cvtColor(p, cv2.COLOR_RGB2BGRA) for p in (picture, 255 - picture)]
    animation.durations = [100, 100]
    for name, tolerance in [("a.png", 0), ("a.webp", 25), ("a.gif", 40)]:
        assert cv2.imwriteanimation(str(tmp_path / name), animation)
        loaded = load_image(tmp_path / name)
        assert np.abs(loaded.astype(int) - picture).mean() <= tolerance


def test_a_very_wide_picture_is_only_wide(save):
    wide = np.zeros((1, 30_000, 3), np.uint8)
    wide[:, 15_000:] = 255
    for name in ("a.png", "a.jpg", "a.tiff"):
        loaded = load_image(save(name, wide))
        assert loaded.shape == (1, 30_000, 3)
    for mode in ("stretch", "contain", "cover"):
        assert resize_image(wide, (20, 30), mode=mode).shape == (20, 30, 3)


def test_a_tiff_with_transparency_is_laid_on_white(tmp_path, save):
    rgba = np.array([[(100, 0, 0, 51), (0, 0, 0, 0)]], np.uint8)
    assert load_image(save("a.tiff", rgba))[0].tolist() == [[224, 204, 204], [255, 255, 255]]
    # Colours already multiplied by their opacity: tag 338 (ExtraSamples) is 1 instead of 2.
    straight, multiplied = (struct.pack("<HHIHH", 338, 3, 1, how, 0) for how in (2, 1))
    rgba[0, 0, 0] = 20
    for mode, expected in (("RGBA", [224, 204, 204]), ("LA", [210, 210, 210])):
        Image.fromarray(rgba).convert(mode).save(tmp_path / "b.tiff")
        data = (tmp_path / "b.tiff").read_bytes()
        assert straight in data
        (tmp_path / "b.tiff").write_bytes(data.replace(straight, multiplied))
        assert load_image(tmp_path / "b.tiff")[0].tolist() == [expected, [255, 255, 255]]


def test_a_deep_tiff_is_scaled(save, picture):
    assert (load_image(save("deep.tiff", picture.astype(np.uint16) * 257)) == picture).all()


@pytest.mark.parametrize(
    ("order", "bits", "white", "expected"),
    [("<", 16, 1, 156), (">", 16, 1, 156), ("<", 16, 0, 99), ("<", 12, 1, 195)],
)
def test_a_deep_grey_tiff_of_any_kind(tmp_path, order, bits, white, expected):
    sample = struct.pack(order + "H", 40_000) if bits == 16 else b"\xc4\x0c\x40"  # 3136 twice
    tags = {256: 2, 257: 1, 258: bits, 259: 1, 262: white, 273: 8, 277: 1, 278: 1, 279: 4}
    data = {"<": b"II*\0", ">": b"MM\0*"}[order] + struct.pack(order + "I", 12)
    data += (sample * 2)[:4] + struct.pack(order + "H", len(tags))
    for tag, value in tags.items():
        data += struct.pack(order + "HHIHH", tag, 3, 1, value, 0)
    (tmp_path / "a.tiff").write_bytes(data + bytes(4))
    assert (load_image(tmp_path / "a.tiff") == expected).all()


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int32])
def test_a_tiff_of_measurements_is_refused(tmp_path, dtype):
    assert cv2.imwrite(str(tmp_path / "a.tiff"), np.ones((4, 5), dtype))
    with pytest.raises(MediaError, match=r"a\.tiff: (measurements of 32 bits|.*not read)"):
        load_image(tmp_path / "a.tiff")


def test_a_png_chunk_that_claims_gigabytes_is_read_as_far_as_it_goes(save, picture):
    path = save("a.png", picture)
    data = path.read_bytes()
    path.write_bytes(data[:33] + struct.pack(">I", 2_000_000_000) + b"IDAT" + data[41:])
    assert (load_image(path) == picture).all()


@pytest.mark.parametrize("form", ["GIF", "PNG", "WEBP", "BMP", "TIFF", "JPEG"])
def test_large_pictures_and_odd_metadata_give_no_warning(tmp_path, form, recwarn, capfd):
    options = {} if form in ("GIF", "BMP") else {"exif": b"Exif\0\0MM\0*\0\0\0\x08\xff\xff\x01"}
    Image.new("L", (9, 5)).save(tmp_path / "a", form, **options)
    Image.new("1", (10_000, 10_000)).save(tmp_path / "large.png")
    recwarn.clear()
    assert load_image(tmp_path / "a").shape == (5, 9, 3)
    with pytest.raises(MediaError, match="10,000 × 10,000 pixels, over the limit"):
        load_image(tmp_path / "large.png")
    assert not [str(w.message) for w in recwarn]
    assert capfd.readouterr().err == ""


def test_many_threads_decode_the_same(save, picture):
    path = save("a.png", picture)
    (path.parent / "bad.png").write_bytes(path.read_bytes()[:60])

    def load(i):
        try:
            return load_image(path.parent / ("bad.png" if i % 5 == 0 else "a.png")).sum()
        except MediaError:
            return -1

    with ThreadPoolExecutor(8) as pool:
        sums = list(pool.map(load, range(200)))
    assert sums == [-1 if i % 5 == 0 else picture.sum() for i in range(200)]


@pytest.mark.parametrize(
    ("shape", "size", "expected"),
    [((10, 20), (10, 10), (5, 10)), ((20, 10), (10, 10), (10, 5)), ((3, 3), (7, 9), (7, 7))],
)
def test_contain_keeps_the_shape_and_pads_around_the_middle(shape, size, expected):
    red = np.zeros((*shape, 3), np.uint8)
    red[:] = RED
    x = resize_image(red, size, mode="contain")
    inside = (x == RED).all(axis=2)
    assert ((x == 255).all(axis=2) == ~inside).all()
    assert (inside.any(axis=1).sum(), inside.any(axis=0).sum()) == expected
    above, left = inside.any(axis=1).argmax(), inside.any(axis=0).argmax()
    assert (above, left) == ((size[0] - expected[0]) // 2, (size[1] - expected[1]) // 2)


def test_cover_keeps_the_shape_and_cuts_both_sides():
    stripes = np.zeros((10, 30, 3), np.uint8)
    stripes[:, :10], stripes[:, 10:20], stripes[:, 20:] = 50, 100, 200
    assert (resize_image(stripes, 10, mode="cover") == 100).all()
    assert (resize_image(stripes, 5, mode="cover") == 100).all()
    tall = resize_image(stripes.transpose(1, 0, 2).copy(), (20, 20), mode="cover")
    assert (tall[2:-2] == 100).all()


def test_shrinking_averages_by_hand():
    checks = np.zeros((4, 4), np.uint8)
    checks[::2, ::2] = checks[1::2, 1::2] = 200
    assert resize_image(checks, 2).tolist() == [[100, 100], [100, 100]]
    # One side shrinks, the other grows: still averaged, not every second pixel picked.
    assert (resize_image(checks, (2, 8)) == 100).all()


def test_one_pixel_is_resized_in_every_mode():
    dot = np.full((1, 1, 3), 7, np.uint8)
    for mode in ("stretch", "contain", "cover"):
        assert (resize_image(dot, (3, 3), mode=mode) == 7).all()
        assert (resize_image(np.full((9, 9, 3), 7, np.uint8), 1, mode=mode) == 7).all()


def test_the_middle_is_cut_out():
    numbers = np.arange(30, dtype=np.uint8).reshape(5, 6)
    assert center_crop(numbers, (3, 2)).tolist() == [[8, 9], [14, 15], [20, 21]]
    assert (center_crop(numbers, 99) == numbers).all()
    cut = center_crop(numbers, 1)
    assert cut.tolist() == [[14]]
    cut[:] = 0
    assert numbers[2, 2] == 14


def test_colours_equal_opencv_and_known_values(picture):
    codes = {"hsv": cv2.COLOR_RGB2HSV, "lab": cv2.COLOR_RGB2LAB, "gray": cv2.COLOR_RGB2GRAY}
    for space, code in codes.items():
        assert (convert_color(picture, space) == cv2.cvtColor(picture, code)).all()
    green = np.array([[[0, 255, 0]]], np.uint8)
    assert convert_color(green, "hsv").tolist() == [[[60, 255, 255]]]
    assert convert_color(green, "gray").tolist() == [[150]]
    white = np.full((1, 1, 3), 255, np.uint8)
    assert convert_color(white, "lab").tolist() == [[[255, 128, 128]]]
    same = convert_color(picture, "rgb")
    assert (same == picture).all()
    assert same is not picture


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda p: resize_image(p, 8, mode="fit"), "mode: 'fit' is not one of stretch, contain"),
        (lambda p: resize_image(p[:0], 8), "not empty"),
        (lambda p: resize_image(p / 255, 8), "float64"),
        (lambda p: center_crop(p[:, :, :2], 2), r"image: \(30, 20, 2\)"),
        (lambda p: convert_color(p, "cmyk"), "space: 'cmyk' is not one of rgb, gray, hsv"),
    ],
)
def test_what_cannot_be_done_is_refused(picture, call, message):
    with pytest.raises(ValueError, match=message):
        call(picture)
