import { judgedOf } from '../agents/levelled.ts'
import { daemonWorkflow } from '../autonomy/daemon/cycle.ts'
import { DaemonLoops } from '../autonomy/daemon/daemon-loops.ts'
import { directivesFor } from '../autonomy/daemon/deciding/openings.ts'
import { installDaemons } from '../autonomy/daemon/install.ts'
import { withoutModes } from '../autonomy/directives/versions/failure-modes.ts'
import { recordVersions } from '../autonomy/directives/versions/record-versions.ts'
import { LiveLessons } from '../autonomy/lessons/live-lessons.ts'
import { repairProposals } from '../autonomy/repair/repairs.ts'
import { createIds } from '../base/ids.ts'
import { type Log, redactingLog } from '../base/log.ts'
import { secretsOf } from '../base/secrets/known-secrets.ts'
import { systemClock } from '../base/time/time.ts'
import { ApprovalLoops } from '../connectors/asking/approval-loops.ts'
import { pressDoors } from '../connectors/asking/approval-presses.ts'
import { askingConnections } from '../connectors/asking/asking-connections.ts'
import { Connections } from '../connectors/host/connections.ts'
import { connectionsOf, sandboxFolder, standInSecrets } from '../connectors/host/of-project.ts'
import { connectionProposals } from '../connectors/host/proposals.ts'
import { PollLoops } from '../connectors/polling/poll-loops.ts'
import { Context, type ContextServices } from '../context.ts'
import { Engine } from '../engine/engine.ts'
import { Notices } from '../engine/notices.ts'
import { SeenCeilings } from '../governance/history/ceilings.ts'
import { LiveAuthority } from '../governance/live-authority.ts'
import { PolicyBench } from '../governance/policies/policy-bench.ts'
import { ReadinessWatch } from '../governance/readiness/readiness-watch.ts'
import { reviewsOf } from '../governance/review/review-workflow.ts'
import { Knowledge } from '../memory/knowledge.ts'
import { Memory } from '../memory/memory.ts'
import { ScopeRules } from '../memory/scope-rules.ts'
import { EmbeddingCalls } from '../models/asking/embedding-calls.ts'
import { Questions } from '../models/asking/questions.ts'
import { AbandonedBatches } from '../models/batches/abandoned-batches.ts'
import { CircuitBreakers } from '../models/route/breaker.ts'
import { BreakerRecord } from '../models/route/breaker-record.ts'
import { checkConfig } from '../project/check-config.ts'
import { embedderRoutes, memoryEmbedders, unembedded } from '../project/embedders.ts'
import { namedDaemons } from '../project/files/daemons.ts'
import { addDirectives, directiveWritingOf } from '../project/files/followed-directives.ts'
import { installConfig } from '../project/install.ts'
import { ProjectKnowledge } from '../project/knowledge.ts'
import { claimantOf } from '../project/name.ts'
import { keptBy, pruneProject } from '../project/prune.ts'
import { addKeysTo, batchServices, resolveRoutes, type UnusableSolver } from '../project/routes.ts'
import { fallbackOf, modelKeys, openerOf, secretUses } from '../project/secrets/project-secrets.ts'
import { ProjectServices } from '../project/services.ts'
import { checkNamesOf, checkWorkflowGrants, mcpServersOf, toolboxOf } from '../project/tools.ts'
import { registryOf } from '../project/workflows.ts'
import { refuseMoved } from '../store/identity/moved.ts'
import { claimDatabase } from '../store/identity/ownership.ts'
import { marksKeyOf, openMarksKey } from '../store/marks/marks-key.ts'
import { identityOf, migrate } from '../store/migrations.ts'
import { openDatabase } from '../store/open.ts'
import type { AuditKeySlot } from '../store/redacting.ts'
import { readSealingKeys } from '../store/secrets/key/key-file.ts'
import { Vault } from '../store/secrets/vault.ts'
import { describeTightened } from '../store/sqlite/private-files.ts'
import { telemetrySettings } from '../telemetry/settings.ts'
import { Telemetry } from '../telemetry/telemetry.ts'
import { DocumentProcess } from '../tools/documents/read-document.ts'
import { jsonSchemaIssues } from '../tools/json-schema/json-schema.ts'
import type { FindTool } from '../tools/undo/undo-plan.ts'
import { undoWorkflow } from '../tools/undo/undo-workflow.ts'
import { LetterReader } from '../triggers/letters/read-letter.ts'
import { namedTriggers, schedulesWith } from '../triggers/named-triggers.ts'
import { TriggerLoops } from '../triggers/watching/trigger-loops.ts'
import { endProcess } from './end-process.ts'
import type { RuntimeParts } from './internals.ts'
import { editJudge } from './judging/edit-judging.ts'
import { learnWorkflow } from './learning/learn-workflow.ts'
import { learnSchedules, proposalsOf } from './learning/learning-parts.ts'
import { LiveLearners } from './learning/live-learners.ts'
import { describeSkew, leaseOf } from './lease.ts'
import type { RuntimeOptions } from './options.ts'
import { addRepairs, repairsOf } from './repairing.ts'
import { AuditSigning, auditKeysFor } from './upkeep/audit-signing.ts'
import { Pruning } from './upkeep/pruning.ts'

/** Wires the layers for a project: the one place that knows all of them. Opens the database and drives nothing. */
export async function composeRuntime(options: RuntimeOptions): Promise<RuntimeParts> {
  const { project, environment, clock: ownClock = systemClock } = options
  checkConfig(project.config)
  const { learning } = project.config
  const secrets = secretsOf(environment)
  const log = redactingLog(options.log ?? (await ownLog()), secrets)
  const unusable: UnusableSolver[] = []
  // Before the folder of the database is put right: a key that others could read is refused.
  readSealingKeys(environment)
  const onFatal = (error: unknown) => endProcess(log, error)
  const slot: AuditKeySlot = {}
  const open = () =>
    openDatabase(environment.database, ownClock, {
      onBroken: onFatal,
      onSkew: (skewMs) => log.warn(describeSkew(skewMs)),
      onTightened: (paths) => log.warn(describeTightened(paths)),
      secrets,
      slot,
    })
  const { seams } = options
  const database = seams?.database ? seams.database(open) : open()
  const clock = database.clock ?? ownClock
  const idFor = seams?.idFor
  const newId = idFor ? () => idFor(clock.now()) : createIds(() => clock.now())
  try {
    await migrate(database, newId)
    await refuseMoved(database, database.place)
    await claimDatabase(database, claimantOf(project, environment.database))
    const auditKeys = await auditKeysFor(database, environment, { clock, log, secrets })
    slot.keys = auditKeys
    const connectionList = connectionsOf(project.config)
    const isSandbox = options.sandbox ?? project.config.sandbox ?? false
    const ofStandIn = standInSecrets(connectionList, isSandbox)
    const fromEnvironment = fallbackOf(project.config.secrets, environment.variables)
    const fallback = (name: string) => fromEnvironment?.(name) ?? ofStandIn(name)
    const vault = new Vault({
      database,
      readKeys: () => readSealingKeys(environment),
      fallback,
      secrets,
      clock,
      log,
      loaded: async (keys) => {
        Object.assign(slot, await marksKeyOf(database, keys))
      },
    })
    await vault.load()
    Object.assign(slot, await openMarksKey(database, vault.keys, { clock, log }))
    const keys = modelKeys(environment.keys, vault)
    const routes = resolveRoutes({ project, keys }, unusable)
    const workflows = registryOf(project)
    const notices = new Notices()
    const connections = new Connections(connectionList, {
      ...{ database, clock, log, vault, secrets, newId, isSandbox },
      woken: (run: number) => notices.tell('run-changed', run),
      folder: sandboxFolder(project.folder, environment.database),
    })
    const asking = askingConnections(connections)
    const breakerRecord = new BreakerRecord(database, log)
    const lessons = new LiveLessons({ database, clock, log })
    const learners = new LiveLearners({ database, clock, log }, routes)
    const embedders = embedderRoutes(project.config, keys)
    const allRoutes = new Map([...routes, ...embedders])
    addKeysTo(secrets, allRoutes.values())
    const questions = new Questions({
      routes: allRoutes,
      breakers: new CircuitBreakers({ clock, onChange: (...change) => breakerRecord.note(...change) }),
      budgets: project.config.budgets ?? {},
      database,
      workflows,
      textListener: options.textListener,
      lessons,
    })
    const budgets = project.config.budgets ?? {}
    const embedding = new EmbeddingCalls({ questions, database, clock, secrets, newId, budgets })
    const memory = new Memory({
      ...{ database, clock },
      ...memoryEmbedders(project.config, embedders, embedding),
      onUnembedded: (error) => log.warn(...unembedded(error)),
    })
    const documents = new DocumentProcess()
    const knowledge = new Knowledge(memory, undefined, documents)
    const mcpServers = await mcpServersOf(project, { environment, clock })
    for (const server of mcpServers) {
      server.addCredentialsTo(secrets)
      server.openSecretsBy(openerOf(vault))
    }
    const toolbox = toolboxOf(project, mcpServers)
    const authority = new LiveAuthority({ database, clock, log })
    await authority.renew()
    const findTool: FindTool = (name) => toolbox.find(name)
    workflows.add(undoWorkflow({ database, clock, findTool }))
    workflows.add(learnWorkflow(() => parts, learning ?? {}))
    const reviews = await reviewsOf(database, workflows)
    addDirectives(project, { workflows, database, routes })
    const writing = directiveWritingOf(project, database)
    const forRepairs = addRepairs(project, workflows, { database, questions, writing, newId, clock })
    await recordVersions(database, project.directives, clock.now())
    const { daemons, goals } = namedDaemons(project)
    const directives = directivesFor(project, workflows)
    const forDaemons = { database, clock, questions, authority, workflows, directives, lessons }
    for (const each of daemons) workflows.add(daemonWorkflow(each, forDaemons))
    checkWorkflowGrants(project, toolbox)
    checkNamesOf(project, { toolbox, routes: [...routes.keys()], log })
    const policies = new PolicyBench(project.policies)
    const ceilings = new SeenCeilings({ database, clock, log, policies: policies.hash })
    const services: ContextServices = {
      ...(project.config.memory?.scopes && { scopes: new ScopeRules(project.config.memory.scopes) }),
      ...{ toolbox, questions, knowledge, memory, authority, policies, ceilings, lessons },
      instructions: [...project.agents, ...project.directives].map((one) =>
        'instructions' in one ? one.instructions : withoutModes(one.text),
      ),
    }
    if (options.agentListener) services.agentListener = options.agentListener
    const telemetry = telemetrySettings(
      environment.variables ?? {},
      claimantOf(project, environment.database).name,
    )
    const engine = new Engine({
      workflows,
      database,
      clock,
      log,
      newId,
      random: Math.random,
      identity: await identityOf(database),
      isTraced: telemetry?.traces !== undefined,
      vault,
      contextFor: (execution) => new Context(execution, workflows, services),
      checkJsonSchema: jsonSchemaIssues,
      judgeEdit: editJudge(() => parts, project),
      bodies: seams?.bodies,
      onFatal,
      substitutes: seams?.substitutes,
      host: connections,
      reviews,
      notices,
      lease: leaseOf(options, log),
      ...(seams?.lingerMs === undefined ? {} : { lingerMs: seams.lingerMs }),
      ...(options.keptRuns === undefined ? {} : { keptRuns: options.keptRuns }),
      ...(options.capacity === undefined ? {} : { capacity: options.capacity }),
    })
    engine.services.notices.on('heartbeat', () => void authority.lookAgain())
    const triggers = namedTriggers(project.workflows)
    const schedules = schedulesWith(triggers.values(), {
      ...project.config.schedules,
      ...learnSchedules(learning),
    })
    await installConfig({ ...project.config, schedules }, { database, workflows, clock, log })
    await installDaemons(engine, daemons)
    const letters = new LetterReader()
    const repairing = repairsOf(engine, forRepairs, routes)
    const parts: RuntimeParts = {
      database,
      engine,
      clock,
      log,
      knowledge,
      memory,
      routes,
      unusable,
      authority,
      vault,
      secretUses: secretUses(toolbox.all(), triggers.values(), connectionList, vault.names()),
      policies,
      ceilings,
      readiness: new ReadinessWatch({
        database,
        clock,
        log,
        find: (principal) => judgedOf(principal, { workflows, agents: project.agents }),
        onFallen: () => authority.renew(),
      }),
      findTool,
      allTools: () => toolbox.all(),
      triggers,
      goals,
      proposals: proposalsOf(
        { database, clock, log, memory, lessons, learners, withheld: learning?.withheld },
        { ...connectionProposals(connections), repair: repairProposals(repairing.repairs) },
      ),
      lessons,
      learners,
      connections,
      mcpServers,
      directiveWriting: writing,
      ...repairing,
      letters,
      lent: services,
      documents,
      daemonLoops: new DaemonLoops(
        engine,
        daemons.map(({ daemon }) => daemon),
      ),
      telemetry: telemetry && new Telemetry(engine, telemetry),
      triggerLoops: new TriggerLoops(engine, [...triggers.values()], { project: project.folder, letters }),
      pollLoops: new PollLoops(engine, triggers.values(), connections),
      approvalLoops: new ApprovalLoops(engine, asking),
      pressDoors: pressDoors(engine, asking, vault),
      projectKnowledge: new ProjectKnowledge(project, { knowledge, memory, clock, log }),
      services: new ProjectServices(project.config, mcpServers, clock),
      breakerRecord,
      abandonedBatches: new AbandonedBatches({ database, clock, log, services: batchServices(routes) }),
      auditSigning: new AuditSigning(database, auditKeys, clock, log),
      pruning: new Pruning(clock, log, (signal) =>
        pruneProject({ database, clock, ...keptBy(project) }, signal),
      ),
    }
    return parts
  } catch (error) {
    await database.close()
    throw error
  }
}

/** Loaded only where nobody gives a log. */
async function ownLog(): Promise<Log> {
  const { jsonLog } = await import('./json-log.ts')
  return jsonLog((line) => process.stderr.write(line), false)
}
