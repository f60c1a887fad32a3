import type { CodeTable } from './code-table.ts'

/** Of what works by itself: directives and scripts. */
export const autonomyCodes: CodeTable = {
  'bad-directive': [
    'The directive is invalid.',
    'Correct it: it needs a goal, and only known tools and scripts. `reeve directives lint` shows each mistake with its line.',
  ],
  'bad-failure-mode': [
    'The text cannot be a known failure mode of a directive.',
    'Write one line of plain words.',
  ],
  'bad-script': [
    'The script is invalid.',
    'Correct the script or its manifest. `reeve directives lint` shows each mistake with its line.',
  ],
  'bad-skill': [
    'The skill is invalid.',
    'Correct the folder: it needs a SKILL.md and plain files only. If it was changed after the import, import it again: `reeve skills import PATH --replace`.',
  ],
  'criteria-unmet': [
    'A directive ended, but not all of its success criteria are met.',
    'See which ones: `details.criteria`.',
  ],
  'directive-busy': ['Somebody else is writing the directive.', 'Try again in a moment.'],
  'directive-changed': [
    "Somebody else saved the directive's file in the meantime.",
    'Look at the file, and try again.',
  ],
  'directive-full': ['The directive has no room for another line.', 'Remove old known failure modes.'],
  'no-value': [
    'A call of a directive needs a value that no earlier call gave.',
    'Change the directive so that an earlier call gives the value.',
  ],
  'no-walls': [
    'No sandbox is available here to try a fix safely.',
    'Run repairs on Linux with util-linux; a person can still change the script by hand.',
  ],
  'nothing-to-repair': [
    'The call is not a failed call of a script.',
    'See the calls of the run: `reeve show RUN`.',
  ],
  'repair-off': ['Repair is off for this script.', 'See `repair` in `reeve.config.ts`.'],
  'repair-overtaken': [
    'Somebody else changed the file after its repair. The file was not changed.',
    'Look at both: `reeve repairs diff ID`.',
  ],
  'repair-state': ["The repair's state does not allow this.", 'See its state: `reeve repairs show ID`.'],
  'secret-in-script': [
    'The script contains a secret, so it is not shown to a model.',
    "Read the secret by its name: `secrets` in the script's manifest.",
  ],
  'unknown-repair': ['There is no such repair.', 'See the repairs: `reeve repairs list`.'],
  'proposal-changed': [
    'The proposal was changed after you looked at it. Nothing was done.',
    'Look at it again: `reeve proposals show ID`.',
  ],
  'proposal-decided': [
    'The proposal was decided differently before.',
    'See `reeve proposals show ID`. An adopted proposal can be withdrawn.',
  ],
  'script-bad-result': [
    "The script's result does not fit its manifest.",
    'Correct the script or its manifest.',
  ],
  'script-changed': ["The script's declaration changed after it was loaded.", 'Start the worker again.'],
  'script-missing': ["The script's file is missing.", 'Restore the file, or start again without it.'],
  'script-no-result': [
    'The script printed no result.',
    'Print one JSON value on standard output at the end.',
  ],
  'script-not-json': [
    "The script's output is not valid JSON.",
    'Print one JSON value on standard output; print everything else on standard error.',
  ],
  'script-not-utf8': ["The script's output is not valid UTF-8.", 'Print JSON in UTF-8.'],
  'script-quarantined': [
    "The present version of a skill's script was not approved.",
    'Look at the script, then approve it: `reeve skills approve SKILL/SCRIPT`.',
  ],
  'script-two-results': ['The script printed more than one result.', 'Print one JSON value.'],
  'not-a-file': ['The target is not a plain file.', 'Put a plain file in its place.'],
  'unknown-directive': ['There is no such directive.', 'Check the spelling, and the files in `directives/`.'],
  'unknown-question': [
    'The run has no such answer to correct.',
    "See the run's questions: `reeve show RUN`.",
  ],
  'unknown-proposal': ['There is no such proposal.', 'See the proposals: `reeve proposals list`.'],
  'unknown-directive-version': [
    'The directive has no version of that number.',
    'See the versions: `reeve directives history NAME`.',
  ],
  'skill-exists': [
    'The project has a skill of that name already.',
    'Look at the difference; `--replace` takes the new one.',
  ],
  'unknown-skill': ['There is no such skill.', 'See the skills: `reeve skills list`.'],
  'unknown-script': ['There is no such script.', 'Check the spelling, and the files in `scripts/`.'],
}
