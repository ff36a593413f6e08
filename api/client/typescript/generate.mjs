// Describes the REST API in OpenAPI 3, from what protoc-gen-openapiv2 made of the
// proto files, and makes TypeScript's types of that.
//
//   node generate.mjs description FILE     writes the description
//   node generate.mjs types                writes the types, build/schema.ts
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import openapiTS, { astToString } from 'openapi-typescript';
import { convertObj } from 'swagger2openapi';

const here = new URL('.', import.meta.url);
const swagger = new URL('../../openapi/cuepoint.swagger.json', here);

/** The name of a schema without what the generator puts before it to tell packages apart. */
const plain = (name) => name.replace(/^(v1|googleRpc|longrunning|protobuf|api)(?=[A-Z])/, '');

/**
 * Paths name resources as people ask for them: `/v1/{name_5}`, where name_5 is
 * `videos/[^/]+`, becomes `/v1/videos/{video}`.
 */
function readablePath(path, parameters) {
  const named = [];
  const readable = path.replace(/\{([^}]+)\}/g, (_, name) => {
    const pattern = parameters.find((p) => p.in === 'path' && p.name === name).schema.pattern;
    return pattern.replace(/([a-z]+)s\/(?:\[\^\/\]\+|\.\+)/g, (__, resource) => {
      named.push({ name: resource, in: 'path', required: true, schema: { type: 'string' }, description: `The id of the ${resource}.` });
      return `${resource}s/{${resource}}`;
    });
  });
  return [readable, named];
}

function readablePaths(paths) {
  const all = {};
  for (const [path, methods] of Object.entries(paths)) {
    for (const [method, operation] of Object.entries(methods)) {
      const [readable, named] = readablePath(path, operation.parameters ?? []);
      operation.parameters = [...named, ...(operation.parameters ?? []).filter((p) => p.in !== 'path')];
      all[readable] = { ...all[readable], [method]: operation };
    }
  }
  return Object.fromEntries(Object.entries(all).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Whether an answer may lack a property: messages that are not set are null, or absent where they are one of several. */
const mayLack = (name, property) =>
  property.$ref !== undefined || property.allOf !== undefined || property.format === 'date-time' || /duration$/i.test(name);

/** Answers hold every property, also those that are not set. */
function describeAnswer(object) {
  const required = [];
  for (const [name, property] of Object.entries(object.properties ?? {})) {
    if (!mayLack(name, property) || isEnum(property)) required.push(name);
    else object.properties[name] = property.$ref ? { allOf: [{ $ref: property.$ref }], nullable: true, description: property.description } : { ...property, nullable: true };
  }
  if (required.length > 0) object.required = required;
}

let schemas;
const isEnum = (property) => property.$ref !== undefined && schemas[property.$ref.split('/').at(-1)].enum !== undefined;

/** Requests hold what their caller sets, and nothing that is the server's to say. */
function describeRequest(body) {
  let object = body.schema;
  if (object.$ref) object = structuredClone(schemas[object.$ref.split('/').at(-1)]);
  object.properties = Object.fromEntries(Object.entries(object.properties ?? {}).filter(([, property]) => !property.readOnly));
  body.schema = object;
}

async function describe() {
  const { openapi: api } = await convertObj(JSON.parse(await readFile(swagger, 'utf8')), { patch: true });
  api.info = { title: 'Cuepoint', description: 'Videos, and every moment in them.', version: 'v1' };
  api.servers = [{ url: '/' }];
  api.security = [{ bearer: [] }, { apiKey: [] }];
  const renamed = JSON.stringify(api).replace(/(#\/components\/schemas\/)(\w+)/g, (_, path, name) => path + plain(name));
  const described = JSON.parse(renamed);
  schemas = {};
  for (const [name, object] of Object.entries(described.components.schemas)) {
    if (schemas[plain(name)]) throw new Error(`two schemas would be called ${plain(name)}`);
    schemas[plain(name)] = object;
  }
  described.components = {
    schemas,
    securitySchemes: { bearer: { type: 'http', scheme: 'bearer' }, apiKey: { type: 'apiKey', in: 'header', name: 'X-Api-Key' } },
  };
  described.paths = readablePaths(described.paths);
  for (const operation of Object.values(described.paths).flatMap((methods) => Object.values(methods))) {
    for (const body of Object.values(operation.requestBody?.content ?? {})) describeRequest(body);
  }
  Object.values(schemas).forEach(describeAnswer);
  const told = JSON.stringify(described);
  for (const name of Object.keys(schemas)) { // bodies of requests, which stand with their methods now
    if (!told.includes(`"#/components/schemas/${name}"`)) delete schemas[name];
  }
  return described;
}

const [what, file] = process.argv.slice(2);
const api = await describe();
if (what === 'description') {
  await writeFile(file, JSON.stringify(api, null, 2) + '\n');
} else {
  await mkdir(new URL('build/', here), { recursive: true });
  await writeFile(new URL('build/schema.ts', here), '// Generated by generate.mjs; not to be edited.\n' + astToString(await openapiTS(api)));
}
