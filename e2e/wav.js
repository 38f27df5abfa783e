// A tone as a WAV file: a recording that is plainly made up.

// tone is so many seconds of a sine at 440 Hz, mono, 16 bits, 16 kHz.
export function tone(seconds) {
  const rate = 16_000
  const samples = rate * seconds
  const file = Buffer.alloc(44 + samples * 2)
  file.write('RIFF', 0)
  file.writeUInt32LE(36 + samples * 2, 4)
  file.write('WAVEfmt ', 8)
  file.writeUInt32LE(16, 16) // length of the format
  file.writeUInt16LE(1, 20) // PCM
  file.writeUInt16LE(1, 22) // channels
  file.writeUInt32LE(rate, 24)
  file.writeUInt32LE(rate * 2, 28) // bytes a second
  file.writeUInt16LE(2, 32) // bytes a sample
  file.writeUInt16LE(16, 34) // bits
  file.write('data', 36)
  file.writeUInt32LE(samples * 2, 40)
  for (let i = 0; i < samples; i++) {
    file.writeInt16LE(Math.round(8000 * Math.sin((2 * Math.PI * 440 * i) / rate)), 44 + i * 2)
  }
  return file
}
