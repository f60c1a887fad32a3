import chromium from '@sparticuz/chromium'
import { type Browser, chromium as launcher } from 'playwright-core'

/** The browser that comes with the tests, or the one that `REEVE_CHROME` names. */
export async function launchChrome(args: readonly string[] = []): Promise<Browser> {
  const executablePath = process.env.REEVE_CHROME ?? (await chromium.executablePath())
  return launcher.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu', ...args] })
}
