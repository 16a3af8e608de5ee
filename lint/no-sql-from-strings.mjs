// SQL is written as tagged templates, whose values travel beside the text as parameters. Against injected SQL nothing else
// helps: a service's own connection may name any group. This rule refuses every other way to a statement.

const CLIENT_TYPES = new Set(['Tx', 'Sql', 'TransactionSql', 'ReservedSql'])
const CLIENT_NAMES = new Set(['tx', 'sql'])
/** Members of postgres.js that take SQL as text, or read it from a file. */
const TEXT_MEMBERS = new Set(['unsafe', 'file'])

/** The last name of a type such as `Tx` or `postgres.Sql`. */
const typeName = (annotation) => {
  const type = annotation?.typeAnnotation?.typeName
  return type?.type === 'TSQualifiedName' ? type.right.name : type?.name
}

const isText = (node) => node?.type === 'Literal' || (node?.type === 'TemplateLiteral' && node.expressions.length === 0)

const memberName = ({ property, computed }) =>
  computed && property.type === 'Literal' ? property.value : property.name

const rule = {
  meta: { type: 'problem', docs: { description: 'no SQL is built from strings' }, schema: [] },
  create(context) {
    const clients = new Set(CLIENT_NAMES)
    const refuse = (node, message) => context.report({ node, message })
    const isClient = (node) => node?.type === 'Identifier' && clients.has(node.name)

    return {
      // Whatever is declared as a client, or is another name for one, counts as one.
      Identifier(node) {
        if (CLIENT_TYPES.has(typeName(node.typeAnnotation))) clients.add(node.name)
      },
      VariableDeclarator({ id, init }) {
        if (id.type !== 'Identifier') return
        const value = init?.type === 'TSAsExpression' ? init.expression : init
        const made =
          value?.type === 'CallExpression' && value.callee.type === 'Identifier' && value.callee.name === 'postgres'
        if (made || isClient(value)) clients.add(id.name)
      },
      MemberExpression(node) {
        const name = memberName(node)
        if (name === 'unsafe' || (TEXT_MEMBERS.has(name) && isClient(node.object)))
          refuse(
            node,
            `.${name} takes SQL as text: write a tagged template, with nested fragments for its conditional parts`,
          )
      },
      CallExpression(node) {
        const { callee } = node
        const [first, ...columns] = node.arguments
        if (callee.type === 'MemberExpression' && memberName(callee) === 'query' && !isText(first) && first)
          refuse(node, '.query with a text that is put together: bind its values as parameters')
        // An identifier is escaped, but it is still chosen by whoever chooses the text: each must stand here as a literal.
        if (isClient(callee) && !isText(first) && (columns.length === 0 || !columns.every(isText)))
          refuse(node, 'name the columns as literals: a client called with a value takes its names for SQL identifiers')
      },
    }
  },
}

export default { meta: { name: 'keepr' }, rules: { 'no-sql-from-strings': rule } }
