#!/bin/sh
# Makes the small sounds of the portal: the name of each tile and of each language, read by a Vietnamese machine voice until
# speakers have recorded them. Needs espeak-ng and ffmpeg. The files are kept in the repository, so nobody needs to run this.
set -eu
cd "$(dirname "$0")"
cut="silenceremove=start_periods=1:start_threshold=-45dB,areverse,silenceremove=start_periods=1:start_threshold=-45dB,areverse"
even="$cut,adelay=80,apad=pad_dur=0.15,loudnorm=I=-18"
say() { # file name, words
	espeak-ng -v vi -s 130 -g 4 -w .voice.wav "$2"
	ffmpeg -nostdin -loglevel error -y -i .voice.wav -af "$even" -ac 1 -ar 24000 -map_metadata -1 -fflags +bitexact \
		-c:a libopus -b:a 16k -application voip "$1.opus"
	ffmpeg -nostdin -loglevel error -y -i .voice.wav -af "$even" -ac 1 -ar 22050 -map_metadata -1 -fflags +bitexact \
		-id3v2_version 0 -write_xing 0 -c:a libmp3lame -b:a 24k "$1.mp3"
	rm .voice.wav
}
while IFS='|' read -r name words; do
	say "$name" "$words"
done <<'LIST'
policy|Chính sách, pháp luật
social|Trợ giúp
sci-tech|Làm nông
market|Giá chợ
health|Sức khoẻ
education|Học hành, việc làm
disaster|Mưa lũ
forest|Cháy rừng
safety|An toàn, tránh lừa đảo
land|Đất đai, biên giới
family|Gia đình
culture|Văn hoá
news|Tin mới
library|Thư viện
groups|Các dân tộc
places|Các xã, các thôn
figures|Số liệu của tỉnh
targets|Mục tiêu của tỉnh
search|Tìm tin
ask|Hỏi cán bộ
phone|Gọi nghe tin
choose|Bà con nghe tiếng nào?
lang-vi|Tiếng Việt
lang-tyz|Tiếng Tày
lang-nut|Tiếng Nùng
lang-ium|Tiếng Dao
lang-mji|Tiếng Dao, Kìm Mùn
lang-hmn|Tiếng Mông
lang-mlc|Tiếng Cao Lan
lang-x-sanchi|Tiếng Sán Chí
lang-x-sandiu|Tiếng Sán Dìu
lang-yue|Tiếng Hoa, Quảng Đông
LIST
