import { isAbsolute } from 'node:path'
import { pathToFileURL } from 'node:url'
import { z } from 'zod'
import { ReeveError } from '../../base/errors.ts'
import { noAuth } from '../auth/scheme.ts'
import { connector } from '../connector.ts'
import { list, read, remove, write } from './actions.ts'

const settings = z.object({
  /** The folder, as an absolute path. Needed live. */
  root: z.string().refine(isAbsolute, 'write an absolute path').optional(),
})

/**
 * Files below one folder of this machine. In sandbox it is a folder of its own; what is written can be undone.
 * @example
 * import { files } from 'reeve/connectors/files'
 *
 * export default { connectors: { files: files({ root: '/srv/desk' }) } }
 */
export const files = connector({
  name: 'files',
  title: 'Files',
  version: '1.0.0',
  vendorApi: { version: 'none' },
  settings,
  url: ({ settings: { root } }) => {
    if (root !== undefined) return pathToFileURL(root).href
    throw new ReeveError('bad-connector', "Files needs its folder: files({ root: '/srv/desk' }).")
  },
  auth: noAuth(),
  health: { probe: async (api) => ({ identity: await api.at() }) },
  rate: { default: { count: 1000, per: '1s' } },
  sandbox: {
    standIn: { credential: '', load: () => import('./stand-in.ts').then(({ startFiles }) => startFiles) },
  },
  actions: { read, list, write, remove },
})
