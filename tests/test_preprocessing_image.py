"""load_image: any picture file becomes (h, w, 3) uint8 RGB, or a MediaError."""

import struct
import zlib

import cv2
import numpy as np
import pytest

from mmrec_course.preprocessing import MediaError, image, load_image

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
    ("name", "tolerance"), [("a.png", 0), ("a.bmp", 0), ("a.jpg", 12), ("a.webp", 12)]
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


def test_a_jpeg_is_turned_as_its_camera_says(save, picture):
    path = save("turned.jpg", picture)
    data = path.read_bytes()
    exif = b"Exif\0\0MM\0*" + struct.pack(">IHHHIHHI", 8, 1, 0x112, 3, 1, 6, 0, 0)
    path.write_bytes(data[:2] + b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif + data[2:])
    assert load_image(path).shape == (20, 30, 3)


def test_resizing_equals_opencv(save, picture):
    path = save("a.png", picture)
    small = cv2.resize(picture, (7, 10), interpolation=cv2.INTER_AREA)
    large = cv2.resize(picture, (50, 40), interpolation=cv2.INTER_LINEAR)
    assert (load_image(path, (10, 7)) == small).all()
    assert (load_image(path, (40, 50)) == large).all()
    assert load_image(path, 16).shape == (16, 16, 3)
    with pytest.raises(ValueError, match="size: 0 is not positive"):
        load_image(path, 0)


def test_one_pixel_is_a_picture(save):
    assert load_image(save("dot.png", np.full((1, 1, 3), RED, np.uint8))).tolist() == [[[*RED]]]


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.webp", "a.bmp"])
@pytest.mark.parametrize("share", [0.02, 0.5, 0.9])
def test_a_file_cut_off_is_an_error_or_a_picture_but_never_noise(
    tmp_path, save, picture, capfd, name, share
):
    path = save(name, picture)
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share) + 3])
    with pytest.raises(MediaError, match=name):
        load_image(path)
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.webp"])
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
        (b"hello", "a.png: not a PNG, JPEG, WebP, GIF or BMP picture"),
        (b"\x89PNG\r\n\x1a\n", "a.png: the picture's header is cut off"),
        (b"\xff\xd8\xff", "a.png: the picture's header is cut off"),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF", "a.png: the picture's header is cut off"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8X", "a.png: the picture's header is cut off"),
        (b"GIF89a\x01\x00\x01\x00", "a.png: cannot be decoded as a picture"),
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
    def chunk(kind, body):
        crc = zlib.crc32(kind + body)
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", crc)

    header = struct.pack(">IIBBBBB", 30_000, 30_000, 8, 2, 0, 0, 0)
    body = zlib.compress(bytes(100_000))
    bomb = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", body)
    (tmp_path / "bomb.png").write_bytes(bomb + chunk(b"IEND", b""))
    monkeypatch.setattr(cv2, "imdecode", lambda *_: pytest.fail("was decoded"))
    with pytest.raises(MediaError, match=r"bomb\.png: 30,000 × 30,000 pixels, over the limit"):
        load_image(tmp_path / "bomb.png")


def test_a_file_too_large_is_refused_before_reading(save, picture, monkeypatch):
    path = save("a.png", picture)
    monkeypatch.setattr(image, "MAX_BYTES", 10)
    with pytest.raises(MediaError, match="over the limit of 10"):
        load_image(path)


@pytest.mark.parametrize("size", [(30, 20), (1, 1), (300, 17)])
@pytest.mark.parametrize("kind", [".png", ".jpg", ".webp", ".bmp", ".gif"])
def test_the_size_in_the_header_is_read_for_every_kind(size, kind):
    pixels = np.zeros((*size, 3), np.uint8)
    data = cv2.imencode(kind, pixels)[1].tobytes()
    assert image._header_size(data) == size[::-1]


def test_the_size_is_read_for_every_kind_of_webp_and_jpeg():
    pixels = np.zeros((30, 20, 4), np.uint8)
    pixels[:15, :, 3] = 90
    encodings = [
        cv2.imencode(".webp", pixels[:, :, :3], [cv2.IMWRITE_WEBP_QUALITY, 101])[1],
        cv2.imencode(".webp", pixels[:, :, :3], [cv2.IMWRITE_WEBP_QUALITY, 80])[1],
        cv2.imencode(".webp", pixels, [cv2.IMWRITE_WEBP_QUALITY, 80])[1],
        cv2.imencode(".jpg", pixels[:, :, :3], [cv2.IMWRITE_JPEG_PROGRESSIVE, 1])[1],
    ]
    kinds = {data.tobytes()[12:16] for data in encodings[:3]}
    assert kinds == {b"VP8L", b"VP8 ", b"VP8X"}
    for data in encodings:
        assert image._header_size(data.tobytes()) == (20, 30)
