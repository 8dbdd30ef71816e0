export interface BuiltWorkflows {
  readonly flow: string;
  readonly step: string;
  readonly manifest: string;
  readonly rebuilt: boolean;
}

export function buildWorkflows(dir: string, outDir: string): Promise<BuiltWorkflows>;
