#!/bin/sh
# Makes the sound of what a subscriber agrees to, read by a Vietnamese machine voice until a person has recorded it. Needs espeak-ng,
# ffmpeg and python3. The files are kept in the repository; a test says when the words were changed and this has to run again.
set -eu
cd "$(dirname "$0")"
python3 -c '
import csv
for row in csv.DictReader(open("../../i18n/message/subscriber_words.csv", encoding="utf-8")):
    if row["key"] == "subscriber.wording":
        print(row["vi"], end="")
' >consent-vi.txt
espeak-ng -v vi -s 140 -g 4 -w .voice.wav -f consent-vi.txt
ffmpeg -nostdin -loglevel error -y -i .voice.wav -af loudnorm=I=-18 -ac 1 -ar 24000 -map_metadata -1 -fflags +bitexact \
	-c:a libopus -b:a 16k -application voip consent-vi.opus
ffmpeg -nostdin -loglevel error -y -i .voice.wav -af loudnorm=I=-18 -ac 1 -ar 22050 -map_metadata -1 -fflags +bitexact \
	-id3v2_version 0 -write_xing 0 -c:a libmp3lame -b:a 24k consent-vi.mp3
rm .voice.wav
