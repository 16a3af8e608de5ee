import { type Rule, RULES } from '@keepr/shared/domain/access'
import { type Problem, problem } from '@keepr/shared/problem'

/** What an actor is told who may see something and not do it: the rule that decides, and its sentence. */
export const forbidden = (rule: Rule): Problem => problem('forbidden', { detail: RULES[rule], rule })
