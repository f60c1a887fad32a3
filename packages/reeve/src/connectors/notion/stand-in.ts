import { bearerOf } from '../stand-in/exchange.ts'
import {
  type StandIn,
  type StandInDefinition,
  type StandInOptions,
  startStandIn,
} from '../stand-in/stand-in.ts'
import { StandInTokens } from '../stand-in/tokens.ts'
import { type Page, Pages, type Sources } from './stand-in/pages.ts'
import { error, refuse } from './stand-in/refusals.ts'

const version = '2026-03-11'

/** For a stand-in of Notion. */
export interface NotionStandInOptions extends StandInOptions {
  /** The token of an integration. Default `ntn_stand_in_of_notion`. */
  token?: string
  /** The schemas of the data sources that are shared with it, by their ids. Default: whichever is asked for, as a list of tasks. */
  dataSources?: Sources
}

export interface NotionStandIn extends StandIn {
  tokens: StandInTokens
  /** The id of the first data source. */
  dataSource: string
  add(dataSource: string, properties: Record<string, unknown>): string
  page(id: string): Readonly<Page> | undefined
}

const tasks = '00000000-0000-4000-8000-00000000da7a'
const usual = {
  [tasks]: {
    Name: 'title',
    Status: 'select',
    Due: 'date',
    Points: 'number',
    Done: 'checkbox',
    'Reeve key': 'rich_text',
  },
}

/**
 * Notion's API as it is on the wire: data sources with pages, queries with filters and cursors, blocks, comments, a version that each
 * request must name, and what is not shared with the integration is not there.
 */
export async function startNotion(options: NotionStandInOptions = {}): Promise<NotionStandIn> {
  const { token = 'ntn_stand_in_of_notion', dataSources = usual } = options
  let tokens!: StandInTokens
  let pages!: Pages
  const standIn = await startStandIn((server) => {
    tokens = new StandInTokens({ now: server.now })
    pages = new Pages(server, dataSources, options.dataSources ? undefined : usual[tasks])
    return {
      name: 'notion',
      refuse,
      admit: (request) => {
        if (request.path === '/v1/oauth/token') return undefined
        const given = bearerOf(request)
        if (given !== token && tokens.standing(given) !== 'good') return refuse({ why: 'unauthorized' })
        if (request.headers['notion-version'] === version) return undefined
        const message = 'Notion-Version header failed validation: it should be a known version.'
        return error(400, 'missing_version', message)
      },
      state: pages.state,
      routes: { 'POST /v1/oauth/token': (request) => tokens.answer(request), ...pages.routes() },
    } satisfies StandInDefinition
  }, options)
  return Object.assign(standIn, {
    tokens,
    dataSource: Object.keys(dataSources)[0] ?? '',
    add: (dataSource: string, properties: Record<string, unknown>) => pages.make(dataSource, properties).id,
    page: (id: string) => pages.standing(id),
  })
}
