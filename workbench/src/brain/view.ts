/** How the 3D view is looked at, as text for the address: `flat,signed,above:0.2,links:attention,camera:…`. */

export const LINKAGES = {
  none: "no links",
  attention: "attention",
  neurons: "neuron weights",
  heads: "head composition",
  paths: "patched paths",
} as const;

export type LinkageName = keyof typeof LINKAGES;

export interface BrainLook {
  /** The twin without a third dimension. */
  flat: boolean;
  signed: boolean;
  /** Size from which a neuron counts as active. */
  above: number;
  /** Neurons below that size are left out. */
  hide: boolean;
  links: LinkageName;
  /** Place and target of the camera, or empty for the three-quarter view. */
  camera: string;
}

export const PLAIN_LOOK: BrainLook = {
  flat: false,
  signed: false,
  above: 0.1,
  hide: false,
  links: "none",
  camera: "",
};

/** Reads the text of the address; parts that say nothing known are dropped. */
export function readLook(text: string | undefined): BrainLook {
  const look = { ...PLAIN_LOOK };
  for (const part of (text ?? "").split(",")) {
    const [word = "", value = ""] = part.split(":");
    const size = Number(value);
    if (word === "flat" || word === "signed" || word === "hide") look[word] = true;
    else if (word === "above" && value && size >= 0 && Number.isFinite(size)) look.above = size;
    else if (word === "links" && value in LINKAGES) look.links = value as LinkageName;
    else if (word === "camera" && /^-?[\d.]+(_-?[\d.]+){5}$/.test(value)) look.camera = value;
  }
  return look;
}

/** The text for the address; empty where all is as usual. */
export function writeLook(look: BrainLook): string {
  const parts = [
    look.flat && "flat",
    look.signed && "signed",
    look.above !== PLAIN_LOOK.above && `above:${look.above}`,
    look.hide && "hide",
    look.links !== "none" && `links:${look.links}`,
    look.camera && `camera:${look.camera}`,
  ];
  return parts.filter(Boolean).join(",");
}
