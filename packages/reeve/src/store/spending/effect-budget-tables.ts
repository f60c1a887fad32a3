/** What effects have taken of ceilings on what they add up to, in millionths, and the accounts, which are locked to add it up. */
export const effectBudgetTables: string[] = [
  'create table effect_accounts (account {path} primary key)',
  `create table effect_spendings (
    id text not null,
    account {path} not null,
    run bigint not null,
    amount bigint not null,
    at bigint not null,
    until bigint,
    primary key (id, account)
  )`,
  'create index effect_spendings_account on effect_spendings (account, at)',
  'create index effect_spendings_over on effect_spendings (until) where until is not null',
]
