import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';

interface Operation {
  readonly operationId: string;
  readonly parameters?: readonly {
    readonly name: string;
    readonly in: string;
    readonly required: boolean;
    readonly description?: string;
    readonly schema: object;
  }[];
  readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, { readonly schema?: object }>> }>>;
}

export interface OpenApi {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, object>> };
}

export interface CheckedReply {
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly contentType: string;
  readonly body: unknown;
}

/** Says what is wrong with an answer of the API by its own description; undefined: nothing. */
export class OpenApiCheck {
  readonly #document: OpenApi;
  readonly #ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: false });
  readonly #compiled = new Map<string, ValidateFunction>();
  /** The operations that were answered as they should be. */
  readonly answered = new Set<string>();

  constructor(document: OpenApi) {
    this.#document = document;
    this.#ajv.addSchema({ $id: 'openapi', components: document.components });
  }

  problem({ method, path, status, contentType, body }: CheckedReply): string | undefined {
    const operation = this.#find(method, path);
    if (!operation) return undefined;
    const where = `${method} ${path} → ${status}`;
    const response = operation.responses[String(status)];
    if (!response) return `${where} is not described: ${JSON.stringify(body)}`;
    const [type] = contentType.split(';');
    const content = response.content?.[type ?? ''];
    if (!content) return `${where} has the content type "${contentType}", which is not described`;
    if (!/json/.test(contentType)) return undefined;
    const validate = this.#compile(`${operation.operationId} ${status}`, content.schema ?? {});
    if (!validate(body))
      return `${where} does not fit its description: ${this.#ajv.errorsText(validate.errors)} in ${JSON.stringify(body)?.slice(0, 500)}`;
    this.answered.add(operation.operationId);
    return undefined;
  }

  #find(method: string, path: string): Operation | undefined {
    const [pathname = ''] = path.split('?');
    const segments = pathname.split('/');
    // What is named comes before what takes any name.
    const fits = Object.keys(this.#document.paths)
      .filter((template) => {
        const parts = template.split('/');
        return parts.length === segments.length && parts.every((part, index) => part.startsWith('{') || part === segments[index]);
      })
      .toSorted((a, b) => a.split('{').length - b.split('{').length);
    return fits.map((template) => this.#document.paths[template]?.[method.toLowerCase()]).find((operation) => operation !== undefined);
  }

  #compile(name: string, schema: object): ValidateFunction {
    const known = this.#compiled.get(name);
    if (known) return known;
    const text = JSON.stringify(schema).replaceAll('"#/components/', '"openapi#/components/');
    const validate = this.#ajv.compile(JSON.parse(text) as object);
    this.#compiled.set(name, validate);
    return validate;
  }
}
