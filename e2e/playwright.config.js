import { defineConfig } from '@playwright/test'

// Debian's Chromium, without the calls home that a closed network would refuse.
export const chromium = {
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: [
    '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
    '--disable-background-networking', '--disable-component-update', '--disable-sync',
  ],
}

export default defineConfig({
  globalSetup: './server.js',
  outputDir: 'test-results',
  timeout: 60_000,
  expect: { timeout: 10_000 },
  forbidOnly: !!process.env.CI,
  fullyParallel: false,
  workers: 2,
  reporter: 'list',
  use: {
    baseURL: process.env.BANLANG_URL,
    launchOptions: chromium,
    locale: 'vi-VN',
    timezoneId: 'Asia/Ho_Chi_Minh',
  },
  projects: [
    { name: 'journeys', testDir: 'journeys', use: { trace: 'retain-on-failure' } },
    { name: 'pages', testDir: 'pages' },
    { name: 'shots', testDir: 'shots' }, // asked for by scripts/screenshots only
  ],
})
