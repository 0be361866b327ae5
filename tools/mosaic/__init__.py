"""How Mosaic's media were made: `tools/build_mosaic.py` draws covers and composes clips with this.

`covers` draws a track's cover from its facts (colours, motifs, lettering and layouts in the files
``cover_*``); `styles`, `composing` and `arranging` write its music, and `music` plays it. Skia and
FluidSynth are needed only where a cover is drawn or a clip is played. tracks.csv holds the facts,
words.csv what was written for them by hand, each text in one of eight voices: shop clerk, critic,
radio host, poet, liner notes, enthusiast, deadpan, letter from the artist.
"""
