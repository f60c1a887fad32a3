import type { CodeTable } from './code-table.ts'

/** Of what works by itself: directives and scripts. */
export const autonomyCodes: CodeTable = {
  'bad-directive': [
    'A directive cannot be followed as it is written.',
    'Correct the lines that the message names; `reeve directives lint` looks again.',
  ],
  'bad-failure-mode': [
    'A line cannot stand under the known failure modes of a directive.',
    'Write it as one line of plain words.',
  ],
  'bad-script': ['A script cannot be run as it is written.', 'Correct the lines that the message names.'],
  'bad-skill': [
    'A skill cannot be taken, or read, as it is.',
    'Correct what the message names, or leave the skill out.',
  ],
  'criteria-unmet': [
    'A directive did what it does, and not all of its success criteria are met.',
    'See what was found: `details.criteria`.',
  ],
  'directive-busy': ['A directive is being written by somebody else.', 'Try again in a moment.'],
  'directive-changed': [
    'The file of a directive was saved by somebody else meanwhile.',
    'Look at it, and try again.',
  ],
  'directive-full': ['A directive has no room for another line.', 'Remove old known failure modes.'],
  'no-value': ['What a directive calls needs a value that nothing gave.', 'Let an earlier call give it.'],
  'no-walls': [
    'Nothing here can try a fix safely.',
    'Run repairs on Linux with util-linux; a person can still change the script by hand.',
  ],
  'nothing-to-repair': [
    'That is no call of a script that failed.',
    'See the calls of the run: `reeve show`.',
  ],
  'repair-off': ['A script is not repaired in this project.', 'See `repair` in `reeve.config.ts`.'],
  'repair-overtaken': [
    'A file was changed by somebody else since its repair.',
    'Look at both: `reeve repairs diff`. The file was left as it is.',
  ],
  'repair-state': ['A repair is not in the state for that.', 'See `reeve repairs show`.'],
  'secret-in-script': [
    'A script holds a secret, and is not shown to a model.',
    'Let it read the secret by its name: `secrets` in its manifest.',
  ],
  'unknown-repair': ['There is no such repair.', 'See `reeve repairs list`.'],
  'proposal-changed': [
    'A proposal is not what was seen of it.',
    'Look at it again: `reeve proposals show`; nothing was done.',
  ],
  'proposal-decided': [
    'A proposal was decided otherwise before.',
    'See `reeve proposals show`; what was adopted can be withdrawn.',
  ],
  'script-bad-result': [
    "A script's result is not what its manifest promises.",
    'Correct the script or its manifest.',
  ],
  'script-changed': ['A script declares something else than when it was loaded.', 'Start the worker again.'],
  'script-missing': ['The file of a script is gone.', 'Restore it, or start again without it.'],
  'script-no-result': ['A script printed no result.', 'Let it print one JSON value on standard output.'],
  'script-not-json': [
    'A script printed what is no JSON.',
    'Let it print one JSON value; the rest goes to standard error.',
  ],
  'script-not-utf8': ['A script printed bytes that are no UTF-8.', 'Let it print JSON in UTF-8.'],
  'script-quarantined': [
    'A script of a skill was not approved as it is now.',
    'Look at it before it runs again.',
  ],
  'script-two-results': ['A script printed more than one result.', 'Let it print one JSON value.'],
  'not-a-file': ['What is to be replaced is no plain file.', 'Put a plain file in its place.'],
  'unknown-directive': ['There is no such directive.', "See `directives/`, and the name's spelling."],
  'unknown-question': ['A run has no such answer to correct.', 'See `reeve show RUN` for its questions.'],
  'unknown-proposal': ['There is no such proposal.', 'See `reeve proposals list`.'],
  'unknown-directive-version': [
    'A directive has no version of that number.',
    'See them: `reeve directives history NAME`.',
  ],
  'skill-exists': [
    'A skill of that name is in the project.',
    'Look at what differs; `--replace` takes the other.',
  ],
  'unknown-skill': ['There is no such skill.', 'See `reeve skills list`.'],
  'unknown-script': ['There is no such script.', "See `scripts/`, and the name's spelling."],
}
