const registryKey = Symbol.for('@workflow/core//registeredSteps');

/** Makes this process one that has the step's code, as loading a compiled step file would. */
export function registerStepName(stepName: string): string {
  const symbols = globalThis as unknown as Record<symbol, Map<string, unknown> | undefined>;
  const registry = (symbols[registryKey] ??= new Map());
  registry.set(stepName, async () => undefined);
  return stepName;
}
