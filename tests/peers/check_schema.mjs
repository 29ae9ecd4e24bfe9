// Checks recorded traffic (JSON lines of method, path, status, request, response) against Discord's own description,
// the package discord-api-spec: every request and every answer, no unknown key passes. Exits 1 where one is not valid.
//   node check_schema.mjs FILE.jsonl ...
import { readFileSync, writeFileSync } from 'node:fs';

import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import ts from 'typescript';
import * as z from 'zod/mini';
import { GAPS } from './schema_gaps.mjs';

const spec = fileURLToPath(new URL('.', import.meta.resolve('discord-api-spec')));

// The package's strict mode can only be chosen before its schemas are built, which is when it is loaded: so the
// choice is made in a copy beside it.
const strict = join(spec, 'discord-api-spec.strict.js');
const plain = readFileSync(join(spec, 'discord-api-spec.zod.js'), 'utf8');
const chosen = plain.replace('let zObject = z.object;', 'let zObject = z.strictObject;');
if (chosen === plain) throw new Error('discord-api-spec has changed: its strict mode is not where it was');
// Discord writes instants with +00:00, which the package's pattern does not take unless it is told to.
writeFileSync(strict, chosen.replaceAll('z.iso.datetime()', 'z.iso.datetime({ offset: true })'));
const schemas = await import(pathToFileURL(strict));

// Which schema stands where is only in the package's types: read from there, and made into schemas.
const file = ts.createSourceFile('spec.ts', readFileSync(join(spec, 'discord-api-spec.ts'), 'utf8'), ts.ScriptTarget.Latest);
const paths = file.statements.find(one => ts.isInterfaceDeclaration(one) && one.name.text === 'Paths');
const member = (node, name) => node?.members?.find(one => (one.name.text ?? one.name.escapedText) === name)?.type;

function build(node) {
  const K = ts.SyntaxKind;
  switch (node.kind) {
    case K.TypeReference: {
      const name = node.typeName.text;
      if (name === 'Record') return z.record(z.string(), build(node.typeArguments[1]));
      if (name === 'Array') return z.array(build(node.typeArguments[0]));
      if (name === 'Blob' || name === 'File') return z.any();
      const schema = schemas[`${name}Schema`];
      if (!schema) throw new Error(`no schema for the type ${name}`);
      return schema;
    }
    case K.ArrayType: return z.array(build(node.elementType));
    case K.ParenthesizedType: return build(node.type);
    case K.UnionType: return z.union(node.types.map(build));
    case K.IntersectionType: return node.types.map(build).reduce((a, b) => z.intersection(a, b));
    case K.TypeLiteral: {
      const index = node.members.find(ts.isIndexSignatureDeclaration);
      if (index) return z.record(z.string(), build(index.type));
      return z.strictObject(Object.fromEntries(node.members.map(one =>
        [one.name.text, one.questionToken ? z.optional(build(one.type)) : build(one.type)])));
    }
    case K.LiteralType: return node.literal.kind === K.NullKeyword ? z.null() : z.literal(JSON.parse(node.literal.getText(file).replace(/^'|'$/g, '"')));
    case K.StringKeyword: return z.string();
    case K.NumberKeyword: return z.number();
    case K.BooleanKeyword: return z.boolean();
    case K.UnknownKeyword: case K.AnyKeyword: return z.any();
    case K.UndefinedKeyword: case K.NeverKeyword: return z.undefined();
    default: throw new Error(`the type ${node.getText(file)} is not understood`);
  }
}

const operations = paths.members.flatMap(path => path.type.members.map(one => ({
  method: one.name.text, steps: path.name.text.split('/'), path: path.name.text, type: one.type })));

// The template with the most literal steps wins: `@me` before `{user_id}`.
function find(method, path) {
  const steps = path.split('/');
  const fits = one => one.method === method && one.steps.length === steps.length
    && one.steps.every((step, at) => step.startsWith('{') || step === steps[at]);
  const literal = one => one.steps.filter(step => !step.startsWith('{')).length;
  return operations.filter(fits).sort((a, b) => literal(b) - literal(a))[0];
}

const built = new Map();
function schema(operation, what, node) {
  const key = `${operation.method} ${operation.path} ${what}`;
  if (!built.has(key)) built.set(key, build(node));
  return built.get(key);
}

// Of a union's branches, the one that was meant has the fewest faults and no wrong `type`.
function explain(issues, at = []) {
  return issues.flatMap(issue => {
    const path = [...at, ...issue.path];
    if (issue.code === 'invalid_union' && issue.errors?.length) {
      const wrong = branch => branch.some(one => one.path.at(-1) === 'type' && one.path.length === 1) * 100 + branch.length;
      return explain([...issue.errors].sort((a, b) => wrong(a) - wrong(b))[0], path);
    }
    if (issue.code === 'unrecognized_keys') return issue.keys.map(key => ({ path: [...path, key], what: 'is not known' }));
    return [{ path, what: issue.message === 'Invalid input' ? `${issue.code} ${issue.expected ?? issue.values ?? ''}` : issue.message }];
  });
}

// Where a number is described Discord takes its text too, and an id as a number: the package's own reading notes.
function loosened(value, issues) {
  const copy = structuredClone(value);
  let changed = false;
  for (const { path } of issues) {
    const parent = path.slice(0, -1).reduce((at, key) => at?.[key], copy);
    const old = parent?.[path.at(-1)];
    if (typeof old === 'string' && /^-?\d+$/.test(old)) parent[path.at(-1)] = Number(old);
    else if (typeof old === 'number') parent[path.at(-1)] = String(old);
    else continue;
    changed = true;
  }
  return changed ? copy : undefined;
}

function faults(operation, what, node, value, asked) {
  const checked = schema(operation, what, node);
  let result = checked.safeParse(value);
  if (!result.success && asked) {
    const again = loosened(value, explain(result.error.issues));
    if (again) result = checked.safeParse(again);
  }
  if (result.success) return [];
  const name = `${operation.method.toUpperCase()} ${operation.path} ${what}`;
  return explain(result.error.issues).map(one => ({ ...one, name, path: one.path.join('.') }))
    .filter(one => !GAPS.some(gap => gap.on.test(one.name) && gap.path.test(one.path) && (gap.used = true)));
}

const wrong = new Map();
const note = (fault, where) => {
  const key = `${fault.name}: ${fault.path} ${fault.what}`;
  const before = wrong.get(key) ?? { count: 0, where };
  wrong.set(key, { ...before, count: before.count + 1 });
};
let checked = 0;
for (const name of process.argv.slice(2)) {
  for (const [at, line] of readFileSync(name, 'utf8').trim().split('\n').entries()) {
    const { method, path, status, request, response } = JSON.parse(line);
    const place = decodeURI(path).split('?')[0].replace(/^\/api\/v10/, '');
    const where = `${name}:${at + 1}`;
    const operation = find(method.toLowerCase(), place);
    if (!operation) {
      note({ name: `${method} ${place}`, path: '', what: 'is no endpoint of Discord' }, where);
      continue;
    }
    if (status >= 500 || status === 0) continue;
    checked += 1;
    const body = member(operation.type, 'requestBody');
    const asks = request !== null && body.kind !== ts.SyntaxKind.UndefinedKeyword;
    // What Discord refuses may be wrong.
    if (asks && status < 400) faults(operation, 'request', body, request, true).forEach(one => note(one, where));
    const answers = member(operation.type, 'responses');
    const family = status === 429 ? '429' : status >= 400 ? '4XX' : `${status}`;
    const answer = member(answers, family);
    if (!answer) note({ name: `${method} ${operation.path}`, path: '', what: `never answers ${status}` }, where);
    else if (status !== 204) faults(operation, `answer ${status}`, answer, response, false).forEach(one => note(one, where));
    else if (response !== null) note({ name: `${method} ${operation.path}`, path: '', what: 'has a body with 204' }, where);
  }
}
for (const [what, { count, where }] of [...wrong].sort()) console.log(`${what}  (${count} times, first in ${where})`);
console.log(`${checked} exchanges checked, ${wrong.size} kinds of fault`);
if (wrong.size > 0 || checked === 0) process.exit(1);
