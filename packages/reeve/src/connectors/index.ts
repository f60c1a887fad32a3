/// <reference types="node" preserve="true" />

/**
 * What connectors are written with: one door to a service for HTTP, signing in, paging, retries and rates. docs/connectors.md.
 * @module
 */

export type { MessagePlace } from '../store/connectors/approval-messages.ts'
export type {
  ApprovalSettings,
  ApprovalsOfService,
  Press,
  ShownRequest,
} from './asking/approvals-of-service.ts'
export type {
  LetterSettings,
  LettersOfService,
  LetterThatCame,
  LetterToPerson,
} from './asking/letters-of-service.ts'
export {
  type ApiKeyOptions,
  type AuthScheme,
  apiKey,
  basic,
  type Credential,
  type CredentialField,
  fields,
  noAuth,
  type OAuthSettings,
  oauth2,
} from './auth/scheme.ts'
export {
  type Actions,
  type ConnectionOptions,
  type Connector,
  connector,
  type Triggers,
} from './connector.ts'
export { refusalOf } from './door/answers.ts'
export { pathPart } from './door/request.ts'
export type { NextPage, RequestOptions, ServiceAnswer, ServiceCall } from './door/service-call.ts'
export {
  type Action,
  type ActionBase,
  type ActionDefinition,
  type AnyAction,
  action,
} from './shape/action.ts'
export type { ActionRules } from './shape/action-tool.ts'
export type { Accounts, Connection, TriggerMaker, TypedConnection } from './shape/connection.ts'
export type { ActionContract, Contract, TriggerContract } from './shape/contract.ts'
export type {
  AccountFacts,
  AnyDefinition,
  ConnectorDefinition,
  RateHeaders,
  RateSaid,
  ServiceRate,
} from './shape/definition.ts'
export type { Mode, Settings } from './shape/mode.ts'
export type { Refusal } from './shape/refusal.ts'
export type { RunningStandIn, SandboxOptions, SandboxStandIn } from './shape/sandbox.ts'
export {
  type EventFacts,
  type FoundItem,
  fromPoll,
  fromWebhook,
  type PollOfService,
  type TriggerDefinition,
  type WebhookOfService,
} from './shape/trigger.ts'
