import { type Server, startPostgres, startRestate } from './servers.ts'

export interface Entry {
  name: string
  title: string
  kind: 'ceiling' | 'ours' | 'durable' | 'memory'
  /** The first one is run; the others are what it imports from this folder besides `measure.ts`. */
  files: string[]
  /** Folder of `bench/peers` with its packages; without one it runs where it is. */
  peer?: string
  server?: { peer: string; start: (installed: string, dataFolder: string) => Promise<Server> }
}

export const contestants: Entry[] = [
  { name: 'raw', title: 'bare loop on node:sqlite', kind: 'ceiling', files: ['raw.ts'] },
  { name: 'reeve', title: 'Reeve on SQLite', kind: 'ours', files: ['reeve.ts'] },
  {
    name: 'reeve-postgres',
    title: 'Reeve on Postgres',
    kind: 'ours',
    files: ['reeve.ts'],
    server: { peer: 'postgres', start: startPostgres },
  },
  {
    name: 'openworkflow',
    title: 'OpenWorkflow on SQLite',
    kind: 'durable',
    files: ['openworkflow.mjs'],
    peer: 'openworkflow',
  },
  {
    name: 'langgraph',
    title: 'LangGraph.js with SqliteSaver',
    kind: 'durable',
    files: ['langgraph.mjs', 'langgraph-graph.mjs'],
    peer: 'langgraph',
  },
  {
    name: 'mastra-libsql',
    title: 'Mastra on LibSQL',
    kind: 'durable',
    files: ['mastra-libsql.mjs', 'mastra-workflow.mjs'],
    peer: 'mastra',
  },
  {
    name: 'dbos',
    title: 'DBOS on Postgres',
    kind: 'durable',
    files: ['dbos.mjs'],
    peer: 'dbos',
    server: { peer: 'postgres', start: startPostgres },
  },
  {
    name: 'restate',
    title: 'Restate',
    kind: 'durable',
    files: ['restate.mjs'],
    peer: 'restate',
    server: { peer: 'restate', start: startRestate },
  },
  {
    name: 'langgraph-memory',
    title: 'LangGraph.js without a checkpointer',
    kind: 'memory',
    files: ['langgraph-memory.mjs', 'langgraph-graph.mjs'],
    peer: 'langgraph',
  },
  {
    name: 'mastra-memory',
    title: 'Mastra, in-memory store',
    kind: 'memory',
    files: ['mastra-memory.mjs', 'mastra-workflow.mjs'],
    peer: 'mastra',
  },
]
