/** The living 3D view, drawn with three.js and no React: give it an activity and it shows it until the next one. */
import {
  type DataArrayTexture,
  type DataTexture,
  PerspectiveCamera,
  Ray,
  Scene,
  Spherical,
  Vector3,
  WebGLRenderer,
} from "three";
import { OrbitControls } from "three/addons/controls/OrbitControls.js";
import { fitted } from "./fit";
import { type Pace, pace } from "./pace";
import {
  type Colours,
  coloursOf,
  disposeParts,
  fill,
  layerTexture,
  linkTexture,
  makeParts,
  type Parts,
  sharedUniforms,
  type Uniforms,
  valueTexture,
} from "./parts";
import {
  BROAD,
  CORNER,
  heightOf,
  type Layout,
  layersBelow,
  layOut,
  met,
  picked,
  type Place,
  pointTurns,
} from "./layout";
import { type Link, linkTexels } from "./links";
import { GROUND } from "./palette";
import { LINK_PIECES } from "./shaders";
import { type Activity, countOf, sameShape, type Unit, valueAt } from "./statistics";

export interface Look {
  /** Size that the colour scale ends at. */
  reach: number;
  /** Neurons below this size are not drawn. */
  least: number;
  signed: boolean;
}

/** What the last picture holds. */
export interface Drawn {
  /** Neurons drawn one by one, and on plates. */
  points: number;
  plates: number;
  /** Pictures a second while drawing, or null at rest. */
  rate: number | null;
  /** Share of the full resolution. */
  sharpness: number;
}

export interface Spot {
  x: number;
  y: number;
}

interface Told {
  onDraw: (drawn: Drawn) => void;
  onLost: () => void;
  /** The camera was moved by hand. */
  onCamera?: (camera: string) => void;
}

const FIELD = 34;
const SHARPEST = 1.5;
/** Pixels kept free for the names of layers, and for the legend. */
const ASIDE = 72;
const ABOVE = 34;
/** Width of a neuron's cell in pixels from which a layer near the camera is drawn as points. */
const NEAR = 2.4;
/** Three quarters from the right, a little from above. */
const START = { azimuth: 0.6, polar: 1.1 };
export const LIMITS = { layers: 2048, cells: 8192 };

export class BrainScene {
  readonly renderer: WebGLRenderer;
  private readonly scene = new Scene();
  private readonly eye = new PerspectiveCamera(FIELD, 1, 0.02, 60);
  private readonly controls: OrbitControls;
  private readonly colours: Record<"magnitude" | "signed", Colours>;
  private readonly shared: Uniforms;
  private readonly pace: Pace;
  private parts: Parts | null = null;
  private values: DataArrayTexture | null = null;
  private activity: Activity | null = null;
  private layout: Layout | null = null;
  private links: readonly Link[] = [];
  private near: number | null = null;
  /** Camera that the reader chose, or empty while it is the one that shows all. */
  private kept = "";
  private total = 0;
  private size = { width: 1, height: 1, sharp: 1 };

  constructor(
    private readonly canvas: HTMLCanvasElement,
    private readonly told: Told,
  ) {
    this.renderer = new WebGLRenderer({
      canvas,
      antialias: false,
      alpha: false,
      depth: false,
      stencil: false,
    });
    this.renderer.setClearColor(GROUND);
    this.colours = { magnitude: coloursOf("magnitude"), signed: coloursOf("signed") };
    this.shared = sharedUniforms(this.colours.magnitude);
    this.controls = new OrbitControls(this.eye, canvas);
    this.controls.enableZoom = false;
    this.controls.addEventListener("change", this.invalidate);
    this.controls.addEventListener("end", this.moved);
    this.pace = pace(() => this.draw());
    canvas.addEventListener("webglcontextlost", this.lost);
  }

  /** Shows what every neuron does now. */
  show(activity: Activity): void {
    if (!this.activity || !sameShape(this.activity, activity)) this.build(activity);
    this.activity = activity;
    if (!this.values || !this.layout) return;
    fill(this.values, activity, this.layout);
    const before = this.shared.layers?.value as DataTexture | null;
    if (!before || activity.scales) {
      before?.dispose();
      this.set({ layers: layerTexture(activity) });
    }
    this.invalidate();
  }

  private build(activity: Activity): void {
    this.clear();
    const layout = layOut(activity);
    this.layout = layout;
    this.total = countOf(activity);
    this.values = valueTexture(activity, layout);
    const { columns, rows, n_layers, pitch, gap, tall } = layout;
    this.set({
      values: this.values,
      columns,
      rows,
      nLayers: n_layers,
      units: activity.n_neurons,
      pitch,
      gap,
      tall,
    });
    this.parts = makeParts(this.shared, activity, layout);
    this.scene.add(...Object.values(this.parts));
    this.parts.frame.geometry.setDrawRange(0, 8 * n_layers + 2);
    this.link(this.links, this.shared.signedLinks?.value as boolean);
    this.reset();
    if (this.kept) this.camera = this.kept;
  }

  private set(values: Record<string, unknown>): void {
    for (const [name, value] of Object.entries(values))
      (this.shared[name] as { value: unknown }).value = value;
  }

  look({ reach, least, signed }: Look): void {
    this.set({ reach: Math.max(reach, 1e-9), least, bothSigns: signed });
    this.set({ ...this.colours[signed ? "signed" : "magnitude"] });
    this.invalidate();
  }

  /** Draws links; the last of the list lies on top. */
  link(links: readonly Link[], signed = false): void {
    this.links = links;
    this.set({ linkRamp: this.colours[signed ? "signed" : "magnitude"].ramp, signedLinks: signed });
    if (!this.layout || !this.parts) return;
    (this.shared.links?.value as DataTexture | null)?.dispose();
    this.set({ links: links.length > 0 ? linkTexture(linkTexels(this.layout, links)) : null });
    this.parts.links.geometry.setDrawRange(0, links.length * LINK_PIECES * 6);
    this.invalidate();
  }

  /** Draws the neurons of a layer one by one when the camera is near. */
  approach(layer: number | null): void {
    this.near = layer;
    this.invalidate();
  }

  resize(width: number, height: number, ratio: number): void {
    this.size = { width: Math.max(width, 1), height: Math.max(height, 1), sharp: Math.min(ratio, SHARPEST) };
    this.eye.aspect = this.size.width / this.size.height;
    const { width: wide, height: high } = this.size;
    this.eye.setViewOffset(wide, high, this.taken / 2, 0, wide, high);
    this.renderer.setSize(this.size.width, this.size.height, false);
    if (!this.kept) this.reset();
    this.invalidate();
  }

  /** Pixels at the right that the statistics lie on. */
  private get taken(): number {
    return this.size.width > BROAD ? CORNER : 0;
  }

  /** Three-quarter view of the whole model, as large as fits. */
  reset(): void {
    this.kept = "";
    if (!this.layout) return;
    const { far, lift } = fitted(this.layout, this.eye.clone(), START, {
      x: Math.max(1 - (2 * ASIDE + this.taken) / this.size.width, 0.5),
      middle: -this.taken / this.size.width,
      y: Math.max(1 - (2 * ABOVE) / this.size.height, 0.5),
    });
    this.controls.target.set(0, lift, 0);
    this.eye.position.setFromSphericalCoords(far, START.polar, START.azimuth).add(this.controls.target);
    this.controls.minDistance = 4 * this.layout.pitch;
    this.controls.maxDistance = 4 * far;
    this.controls.update();
    this.invalidate();
  }

  /** Place and target of the camera as six numbers; setting it restores the view. */
  get camera(): string {
    const places = [...this.eye.position.toArray(), ...this.controls.target.toArray()];
    return places.map((value) => String(Number(value.toFixed(3)))).join("_");
  }

  set camera(text: string) {
    const places = text.split("_").map(Number);
    if (places.length !== 6 || !places.every(Number.isFinite)) return;
    this.kept = text;
    this.eye.position.fromArray(places);
    this.controls.target.fromArray(places, 3);
    this.controls.update();
    this.invalidate();
  }

  private readonly moved = (): void => {
    this.kept = this.camera;
    this.told.onCamera?.(this.kept);
  };

  /** Turns the camera about the model, in radians. */
  turn(azimuth: number, polar: number): void {
    const place = new Spherical().setFromVector3(this.eye.position.clone().sub(this.controls.target));
    place.theta += azimuth;
    place.phi = Math.min(Math.max(place.phi + polar, 0.05), Math.PI - 0.05);
    this.eye.position.setFromSpherical(place).add(this.controls.target);
    this.controls.update();
    this.invalidate();
  }

  /** Goes nearer (below 1) or away (above 1). */
  zoom(factor: number): void {
    const from = this.eye.position.clone().sub(this.controls.target);
    const far = Math.min(
      Math.max(from.length() * factor, this.controls.minDistance),
      this.controls.maxDistance,
    );
    this.eye.position.copy(this.controls.target).add(from.setLength(far));
    this.controls.update();
    this.invalidate();
  }

  /** Lets the wheel zoom, which it may only while the view has the focus, so that pages still scroll. */
  listenToWheel(on: boolean): void {
    this.controls.enableZoom = on;
  }

  /** Looks at a place from where the neurons about it can be told apart. */
  visit(place: Place): void {
    if (!this.layout) return;
    const way = this.eye.position.clone().sub(this.controls.target).normalize();
    this.controls.target.set(place.x, place.y, place.z);
    this.eye.position.copy(this.controls.target).addScaledVector(way, 40 * this.layout.pitch + 0.25);
    this.controls.update();
    this.invalidate();
  }

  readonly invalidate = (): void => this.pace.ask();

  /** Draws now. */
  draw(): void {
    if (!this.layout || !this.parts) return;
    const sharp = this.size.sharp * this.pace.sharpness;
    if (this.renderer.getPixelRatio() !== sharp) this.renderer.setPixelRatio(sharp);
    const points = this.divide(this.layout, this.parts, sharp);
    this.renderer.render(this.scene, this.eye);
    const { rate, sharpness } = this.pace;
    this.told.onDraw({ points, plates: this.total - points, rate, sharpness });
  }

  /** Says which layers are points and which are plates, and sets what depends on the camera. */
  private divide(layout: Layout, parts: Parts, sharp: number): number {
    const far = this.eye.position.distanceTo(this.controls.target);
    const focal = (this.size.height * sharp) / (2 * Math.tan((FIELD * Math.PI) / 360));
    const cell = (layout.pitch * focal) / Math.max(far, 1e-6);
    const below = layersBelow(layout, this.eye.position.y);
    const near = cell >= NEAR * sharp ? (this.near ?? this.nearest(layout)) : null;
    const { from, to } = pointTurns(layout, this.total, near, below);
    const radius = 0.5 * Math.hypot(layout.wide, layout.deep, layout.tall);
    this.set({ focal, below });
    (this.shared.view as { value: { set: (x: number, y: number) => void } }).value.set(
      this.size.width * sharp,
      this.size.height * sharp,
    );
    (this.shared.fogEnds as { value: { set: (x: number, y: number) => void } }).value.set(
      Math.max(far - 0.7 * radius, 0),
      far + 1.7 * radius,
    );
    turnsOf(parts.before, 0, from, 6);
    turnsOf(parts.points, from, to, layout.n_neurons);
    turnsOf(parts.after, to, layout.n_layers, 6);
    return Math.min(this.total, (to - from) * layout.n_neurons);
  }

  private nearest(layout: Layout): number {
    const { y } = this.controls.target;
    let best = 0;
    for (let layer = 1; layer < layout.n_layers; layer += 1)
      if (Math.abs(heightOf(layout, layer) - y) < Math.abs(heightOf(layout, best) - y)) best = layer;
    return best;
  }

  /** Where a place is seen on the canvas, in CSS pixels; null behind the camera. */
  project({ x, y, z }: Place): Spot | null {
    this.eye.updateMatrixWorld();
    const seen = new Vector3(x, y, z).project(this.eye);
    if (seen.z > 1) return null;
    return { x: ((seen.x + 1) / 2) * this.size.width, y: ((1 - seen.y) / 2) * this.size.height };
  }

  /** The neuron under a point of the canvas, in CSS pixels. */
  pick({ x, y }: Spot): Unit | null {
    if (!this.layout || !this.activity) return null;
    this.eye.updateMatrixWorld();
    const { width, height } = this.size;
    const through = new Vector3((2 * x) / width - 1, 1 - (2 * y) / height, 0.5).unproject(this.eye);
    const ray = new Ray(this.eye.position, through.sub(this.eye.position).normalize());
    const { activity } = this;
    const reach = this.shared.reach?.value as number;
    const least = this.shared.least?.value as number;
    return picked(met(this.layout, ray), (unit) => {
      const size = Math.abs(valueAt(activity, unit));
      return size < least ? 0 : size / reach;
    });
  }

  get shape(): Layout | null {
    return this.layout;
  }

  private readonly lost = (event: Event): void => {
    event.preventDefault();
    this.pace.stop();
    this.told.onLost();
  };

  private clear(): void {
    if (this.parts) {
      this.scene.remove(...Object.values(this.parts));
      disposeParts(this.parts);
    }
    this.values?.dispose();
    for (const name of ["layers", "links"]) {
      (this.shared[name]?.value as DataTexture | null)?.dispose();
      this.set({ [name]: null });
    }
    this.parts = null;
    this.values = null;
  }

  /** Gives everything back that the graphics card held. */
  dispose(): void {
    this.canvas.removeEventListener("webglcontextlost", this.lost);
    this.pace.stop();
    this.controls.dispose();
    this.clear();
    for (const { ramp, shades } of Object.values(this.colours)) {
      ramp.dispose();
      shades.dispose();
    }
    this.renderer.dispose();
    this.renderer.forceContextLoss();
  }
}

/** Sets which turns of painting a part draws, each of so many vertices. */
function turnsOf(part: Parts["before"] | Parts["points"], from: number, to: number, each: number): void {
  part.visible = to > from;
  part.geometry.setDrawRange(0, Math.max(to - from, 0) * each);
  (part.material.uniforms.firstTurn as { value: number }).value = from;
}
