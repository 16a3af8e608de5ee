import { parser } from '@prometheus-io/lezer-promql'

export type Selector = { metric: string; matchers: { label: string; operator: string; value: string }[] }
export type Expression = { selectors: Selector[]; /** Labels that are grouped or joined by. */ groupings: string[] }

/** What a PromQL expression asks for, by Prometheus' own grammar. Throws when it is none. */
export function readPromql(expression: string): Expression {
  const found: Expression = { selectors: [], groupings: [] }
  parser.parse(expression).iterate({
    enter({ type, from, to, node }) {
      if (type.isError) throw new Error(`no PromQL at ${from}: ${expression}`)
      const text = (start: number, end: number) => expression.slice(start, end)
      if (type.name === 'VectorSelector') {
        const name = node.getChild('Identifier')
        found.selectors.push({ metric: name === null ? '' : text(name.from, name.to), matchers: [] })
      }
      if (type.name === 'UnquotedLabelMatcher') {
        const label = node.getChild('LabelName')
        const operator = node.getChild('MatchOp')
        const value = node.getChild('StringLiteral')
        if (label === null || operator === null || value === null) throw new Error(`no matcher: ${text(from, to)}`)
        found.selectors.at(-1)?.matchers.push({
          label: text(label.from, label.to),
          operator: text(operator.from, operator.to),
          value: text(value.from + 1, value.to - 1),
        })
      }
      if (type.name === 'GroupingLabels')
        found.groupings.push(...node.getChildren('LabelName').map((label) => text(label.from, label.to)))
    },
  })
  return found
}
