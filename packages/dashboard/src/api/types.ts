import type { Client } from 'reeve/client'

/** What the API answers, taken from its own client. Times are ISO 8601 in UTC; texts may be foreign and are shown as text. */

type Answer<F extends (...given: never[]) => Promise<unknown>> = Awaited<ReturnType<F>>

export type RunPage = Answer<Client['runs']['list']>
export type RunItem = RunPage['items'][number]
export type RunStatus = RunItem['status']
export type RunWhole = Answer<Client['runs']['one']>
export type UndoPlan = Answer<Client['runs']['planUndo']>
export type RunStory = Answer<Client['runs']['story']>['story']
export type EventItem = Answer<Client['runs']['events']>['events'][number]

export type ApprovalItem = Answer<Client['approvals']['list']>['items'][number]
export type ApprovalWhole = Answer<Client['approvals']['one']>
/** Where a value that is decided on stood before; found by comparing, no proof of where it went. */
export type Origin = ApprovalWhole['fields'][number]['origins'][number]

export type Today = Answer<Client['today']['one']>
export type WaitingPage = Answer<Client['waiting']['list']>
/** With what asks beside the approval, as lists of approvals have it; and what machines propose, which belongs to no run. */
export type WaitingItem = Omit<WaitingPage['items'][number], 'approval' | 'kind'> & {
  kind: WaitingPage['items'][number]['kind'] | 'proposal'
  approval: ApprovalItem | null
  proposal: Proposal | null
}

export type Queue = Answer<Client['queues']['list']>['items'][number]
export type Schedule = Answer<Client['schedules']['list']>['items'][number]
export type Budget = Answer<Client['budgets']['list']>['items'][number]
export type CostGroup = Answer<Client['costs']['list']>['items'][number]
export type Route = Answer<Client['models']['list']>['items'][number]
export type AgentItem = Answer<Client['agents']['list']>['items'][number]
export type GrantInCode = AgentItem['grants'][number]
export type GrantChange = Answer<Client['grants']['list']>['items'][number]
export type Switch = Answer<Client['switches']['list']>['items'][number]
export type WorkflowMetrics = Answer<Client['workflows']['metrics']>['workflows'][number]
export type Token = Answer<Client['tokens']['list']>['items'][number]
export type WorkflowItem = Answer<Client['workflows']['list']>['items'][number]

export type MemoryVersion = Answer<Client['memory']['history']>['items'][number]
export type RollbackOf = Parameters<Client['memory']['rollback']>[0]['body']['of']

export type Json = Answer<Client['runs']['input']>['input']

export type DaemonItem = Answer<Client['daemons']['list']>['items'][number]
export type Decision = Answer<Client['ledger']['list']>['items'][number]

export type DirectiveItem = Answer<Client['directives']['list']>['items'][number]
export type ScriptItem = Answer<Client['scripts']['list']>['items'][number]
export type Goal = Answer<Client['goals']['list']>['items'][number]
export type Metrics = Omit<WorkflowMetrics, 'workflow'>
export type FailureClass = Answer<Client['failures']['list']>['classes'][number]
export type EvalSummary = Answer<Client['evals']['list']>['items'][number]
export type EvalWhole = Answer<Client['evals']['one']>
export type Proposal = Answer<Client['proposals']['list']>['items'][number]

export type Connector = Answer<Client['connectors']['list']>['items'][number]
export type Account = Connector['accounts'][number]
export type McpServerItem = Answer<Client['mcpServers']['list']>['items'][number]

export type Principal = Answer<Client['principals']['list']>['items'][number]
export type Secret = Answer<Client['secrets']['list']>['items'][number]
export type Storage = Answer<Client['storage']['one']>
export type Trigger = Answer<Client['triggers']['list']>['items'][number]
