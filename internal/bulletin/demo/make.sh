#!/bin/sh
# Makes the sounds of the demonstration's bulletins: each text read by espeak-ng (a machine's voice, and marked so on its page),
# as Opus and as MP3 for weak networks. They are kept in the repository, so that a machine without espeak-ng is complete.
# Debian: apt-get install espeak-ng ffmpeg
set -eu
cd "$(dirname "$0")"
wav=$(mktemp)
trap 'rm -f "$wav"' EXIT
for text in *.txt; do
	name=${text%.txt}
	sed '1s/$/./' "$text" | espeak-ng -v vi -s 145 -g 2 -w "$wav" --stdin
	for out in "-c:a libopus -b:a 16k -application voip -ar 48000 $name.opus" \
		"-c:a libmp3lame -b:a 24k -ar 22050 -id3v2_version 0 -write_id3v1 0 $name.mp3"; do
		# shellcheck disable=SC2086 # the words of a command line
		ffmpeg -nostdin -hide_banner -v error -y -f wav -i "$wav" -map_metadata -1 -ac 1 -fflags +bitexact -flags:a +bitexact $out
	done
	echo "$name"
done
