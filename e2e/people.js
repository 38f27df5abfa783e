// The people of the demonstration and how they sign in.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from '@playwright/test'

// accounts are the sign-ins that `banlang demo` prints, by name.
export function accounts() {
  const read = JSON.parse(readFileSync(join(process.env.BANLANG_DATA, 'demo-accounts.json'), 'utf8'))
  const list = Array.isArray(read) ? read : Object.entries(read).map(([user, password]) => ({ user, password }))
  return new Map(list.map((account) => [account.user, account.password]))
}

// signIn signs the person in, in this page's own browser context.
export async function signIn(page, name) {
  await page.goto('/dang-nhap')
  await page.getByLabel('Tên đăng nhập').fill(name)
  await page.getByLabel('Mật khẩu').fill(accounts().get(name))
  await page.getByRole('main').getByRole('button', { name: 'Đăng nhập' }).click()
  await expect(page).toHaveURL(/ban-lam-viec/)
}

// address is a client address of documentation's range that nobody else in the run has.
let last = 0
export function address() {
  last++
  return { 'X-Forwarded-For': `2001:db8:${process.pid.toString(16).slice(-4)}:${last.toString(16)}::1` }
}

// someone is a fresh browser of a person who is signed in.
export async function someone(browser, name, options = {}) {
  const context = await browser.newContext({
    baseURL: process.env.BANLANG_URL, locale: 'vi-VN', extraHTTPHeaders: address(), ...options,
  })
  const page = await context.newPage()
  await signIn(page, name)
  return page
}
