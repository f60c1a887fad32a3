import { reeve, reeveJson } from './hosted.ts'
import { emptyFolder, linesOf, project, start } from './reeve.ts'

/** A project that is served, and how its commands are called here and at the server (from a folder that is no project). */
export async function served(prepare: (folder: string) => void = () => {}) {
  const folder = project()
  prepare(folder)
  const { url } = (await linesOf(start(folder, ['start', '--json'])).next()).value as unknown as {
    url: string
  }
  const { token } = await reeveJson<{ token: string }>(folder, ['token', 'create', 'cli'])
  const elsewhere = emptyFolder()
  const environment = { REEVE_TOKEN: token }
  return {
    folder,
    url,
    here: (...args: string[]) => reeve(folder, args),
    there: (...args: string[]) => reeve(elsewhere, [...args, '--server', url], { environment }),
    thereJson: <T>(...args: string[]) => reeveJson<T>(elsewhere, [...args, '--server', url], { environment }),
    environment: { ...environment, REEVE_URL: url },
    elsewhere,
  }
}
