"""What headers say: sizes of every kind, which way up, and TIFFs that are refused."""

import struct

import cv2
import numpy as np
import pytest

from mmrec_course.preprocessing import image_header
from mmrec_course.preprocessing.image_header import UnsupportedError, header_size, orientation


def tiff(tags, order="<"):
    """The head of a TIFF with one number a tag, all of type LONG."""
    magic = b"II*\0" if order == "<" else b"MM\0*"
    entries = b"".join(struct.pack(order + "HHII", tag, 4, 1, value) for tag, value in tags.items())
    return magic + struct.pack(order + "IH", 8, len(tags)) + entries + bytes(4)


GREY = {256: 20, 257: 30, 258: 8, 262: 1, 277: 1}


@pytest.mark.parametrize("size", [(30, 20), (1, 1), (300, 17)])
@pytest.mark.parametrize("kind", [".png", ".jpg", ".webp", ".bmp", ".gif", ".tiff"])
def test_the_size_in_the_header_is_read_for_every_kind(size, kind):
    pixels = np.zeros((*size, 3), np.uint8)
    data = cv2.imencode(kind, pixels)[1].tobytes()
    assert header_size(data) == size[::-1]


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
        assert header_size(data.tobytes()) == (20, 30)


@pytest.mark.parametrize("order", ["<", ">"])
def test_a_tiff_of_either_byte_order_is_read(order):
    assert header_size(tiff(GREY, order)) == (20, 30)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({258: 32}, "a TIFF of 1 channels with 32 bits"),
        ({277: 6}, "a TIFF of 6 channels"),
        ({339: 3}, "of floats perhaps"),
        ({258: 16, 262: 0}, "16-bit TIFF that is not plain"),
        ({258: 16, 277: 3, 262: 2, 284: 2}, "16-bit TIFF that is not plain"),
        ({258: 16, 277: 4, 262: 2}, "16-bit TIFF that is not plain"),
        ({322: 30_000, 323: 30_000}, "tiles over the limit"),
    ],
)
def test_tiffs_that_would_come_out_wrong_are_refused(change, message):
    with pytest.raises(UnsupportedError, match=message):
        header_size(tiff(GREY | change))


def test_big_tiff_is_refused_by_name():
    with pytest.raises(UnsupportedError, match="BigTIFF"):
        header_size(b"II+\0" + bytes(20))


@pytest.mark.parametrize("cut", [6, 9, 30])
def test_a_tiff_cut_off_is_noticed(cut):
    with pytest.raises(struct.error):
        header_size(tiff(GREY)[:cut])


def test_a_directory_that_points_at_itself_ends():
    data = b"II*\0" + struct.pack("<I", 0) + bytes(16)
    with pytest.raises(struct.error):
        header_size(data + b"\xff" * 40)


def test_orientation_is_found_behind_other_chunks():
    png = b"\x89PNG\r\n\x1a\n"
    other = struct.pack(">I", 3) + b"tEXtabc" + bytes(4)
    exif = tiff({274: 6}, ">")
    told = struct.pack(">I", len(exif)) + b"eXIf" + exif + bytes(4)
    assert orientation(png + other + told) == 6
    assert orientation(png + other) == 1
    assert orientation(png + told[:-20]) == 1
    odd = b"XXXX" + struct.pack("<I", 3) + b"abc\0"  # a chunk of odd length is filled up
    told = b"EXIF" + struct.pack("<I", len(exif) + 6) + b"Exif\0\0" + exif
    assert orientation(b"RIFF\0\0\0\0WEBP" + odd + told) == 6
    assert orientation(b"\xff\xd8" + told) == 1


def test_random_bytes_end_in_an_answer_or_a_known_error():
    rng = np.random.default_rng(0)
    heads = [image_header.PNG, b"GIF8", b"BM", b"\xff\xd8", b"RIFF\0\0\0\0WEBPVP8X", b"II*\0"]
    for head in heads:
        for _ in range(300):
            data = head + rng.bytes(int(rng.integers(0, 80)))
            assert 1 <= orientation(data) <= 8
            try:
                header_size(data)
            except (struct.error, IndexError, UnsupportedError):
                continue


def test_a_png_chunk_longer_than_the_file_is_refused_before_room_is_made_for_it():
    head = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + b"IHDR" + bytes(17)
    with pytest.raises(UnsupportedError, match="a chunk of 2,600,000,000 bytes in a file of"):
        header_size(head + struct.pack(">I", 2_600_000_000) + b"IDAT" + bytes(9))
