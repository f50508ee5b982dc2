"use strict";
// The interactive scene of a report: surfaces in one parallel projection, no library, no network, nothing kept between visits.
(() => {
  const root = document.getElementById("scene");
  const canvas = root.querySelector("canvas");
  const message = root.querySelector(".scene-message");
  const model = JSON.parse(document.getElementById("scene-model").textContent);
  const start = model.camera.rotation;
  const state = { option: 0, scan: model.scans.length - 1, rotation: start, zoom: 1, hidden: new Set(model.off) };
  let gl, programs, drawn;

  const say = (words) => { message.textContent = words; message.hidden = !words; };

  async function unpack() {
    const text = atob(document.getElementById("scene-data").textContent.trim());
    const packed = Uint8Array.from(text, (c) => c.charCodeAt(0));
    const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
    return new Response(stream).arrayBuffer();
  }

  // The same light as the still pictures: one key, one fill, one from below; surfaces clear where one looks straight at them.
  const VERTEX = `
    attribute vec3 place; attribute vec3 normal; attribute vec2 where;
    uniform vec3 low, size, focus; uniform mat3 turn; uniform vec2 scale;
    varying vec3 n; varying vec2 uv;
    void main() {
      vec3 p = turn * (low + place * size - focus);
      n = turn * normal; uv = where;
      gl_Position = vec4(p.xy * scale, -p.z / 1000.0, 1.0);
    }`;
  const SURFACE = `
    precision highp float;
    uniform vec3 colour; uniform float opacity, rim;
    varying vec3 n;
    void main() {
      vec3 u = normalize(n); if (u.z < 0.0) u = -u;
      float key = max(dot(u, normalize(vec3(-1.2, 1.6, 2.2))), 0.0), fill = max(dot(u, normalize(vec3(2.2, 0.2, 1.0))), 0.0);
      float low = max(dot(u, normalize(vec3(0.2, -1.5, 0.6))), 0.0);
      float shine = pow(max(dot(u, normalize(vec3(-0.6, 0.8, 2.1))), 0.0), 30.0);
      vec3 lit = colour * (0.44 + 0.58 * key + 0.22 * fill + 0.09 * low) + 0.14 * shine;
      gl_FragColor = vec4(lit, clamp(opacity + rim * pow(1.0 - u.z, 2.2), 0.0, 1.0));
    }`;
  const PICTURE = `
    precision mediump float;
    uniform sampler2D image; varying vec2 uv;
    void main() {
      vec4 pixel = texture2D(image, uv);
      if (pixel.a < 0.5) discard;
      gl_FragColor = vec4(vec3(pixel.r), 1.0);
    }`;

  function compiled(fragment) {
    const program = gl.createProgram();
    for (const [kind, source] of [[gl.VERTEX_SHADER, VERTEX], [gl.FRAGMENT_SHADER, fragment]]) {
      const shader = gl.createShader(kind);
      gl.shaderSource(shader, source);
      gl.compileShader(shader);
      gl.attachShader(program, shader);
    }
    ["place", "normal", "where"].forEach((name, i) => gl.bindAttribLocation(program, i, name));
    gl.linkProgram(program);
    if (!gl.getProgramParameter(program, gl.LINK_STATUS)) throw new Error(gl.getProgramInfoLog(program));
    return { program, at: (name) => gl.getUniformLocation(program, name) };
  }

  function buffer(kind, values) {
    const made = gl.createBuffer();
    gl.bindBuffer(kind, made);
    gl.bufferData(kind, values, gl.STATIC_DRAW);
    return made;
  }

  function summed(bytes, start, rows, count) {  // numbers were packed as differences from one to the next, row by row
    const steps = new Uint16Array(bytes, start, rows * count), found = new Uint16Array(rows * count);
    for (let row = 0; row < rows; row++)
      for (let i = 0, sum = 0; i < count; i++) found[rows * i + row] = sum = (sum + steps[row * count + i]) & 0xffff;
    return found;
  }

  function normalsOf(places, triangles, size) {
    const found = new Float32Array(places.length), at = (i, k) => (places[3 * i + k] / model.steps) * size[k];
    for (let t = 0; t < triangles.length; t += 3) {
      const [a, b, c] = [triangles[t], triangles[t + 1], triangles[t + 2]];
      const u = [0, 1, 2].map((k) => at(b, k) - at(a, k)), v = [0, 1, 2].map((k) => at(c, k) - at(a, k));
      const n = [u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0]];
      for (const i of [a, b, c]) for (let k = 0; k < 3; k++) found[3 * i + k] += n[k];
    }
    for (let i = 0; i < found.length; i += 3) {
      const long = Math.hypot(found[i], found[i + 1], found[i + 2]) || 1;
      for (let k = 0; k < 3; k++) found[i + k] /= long;
    }
    return found;
  }

  function surface(bytes, mesh) {
    const places = summed(bytes, mesh.places, 3, mesh.points), triangles = summed(bytes, mesh.triangles, 1, 3 * mesh.faces);
    return { ...mesh, place: buffer(gl.ARRAY_BUFFER, places), count: triangles.length,
      normal: buffer(gl.ARRAY_BUFFER, normalsOf(places, triangles, mesh.size)),
      index: buffer(gl.ELEMENT_ARRAY_BUFFER, triangles) };
  }

  function slice(bytes, plane) {
    const [width, height] = plane.pixels, grey = new Uint8Array(bytes, plane.image, 2 * width * height);
    const texture = gl.createTexture();
    gl.bindTexture(gl.TEXTURE_2D, texture);
    gl.pixelStorei(gl.UNPACK_ALIGNMENT, 1);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.LUMINANCE_ALPHA, width, height, 0, gl.LUMINANCE_ALPHA, gl.UNSIGNED_BYTE, grey);
    for (const [name, value] of [[gl.TEXTURE_WRAP_S, gl.CLAMP_TO_EDGE], [gl.TEXTURE_WRAP_T, gl.CLAMP_TO_EDGE],
      [gl.TEXTURE_MIN_FILTER, gl.LINEAR], [gl.TEXTURE_MAG_FILTER, gl.LINEAR]]) gl.texParameteri(gl.TEXTURE_2D, name, value);
    return { ...plane, texture, corners: buffer(gl.ARRAY_BUFFER, new Float32Array(plane.corners.flat())),
      where: buffer(gl.ARRAY_BUFFER, new Float32Array([0, 0, 1, 0, 0, 1, 1, 1])) };
  }

  const multiplied = (a, b) => a.map((_, i) => [0, 1, 2].reduce((sum, k) => sum + a[3 * Math.floor(i / 3) + k] * b[3 * k + (i % 3)], 0));

  function rotated(right, up) {
    const [c, s, e, f] = [Math.cos(right), Math.sin(right), Math.cos(up), Math.sin(up)];
    state.rotation = multiplied(multiplied([1, 0, 0, 0, e, -f, 0, f, e], [c, 0, s, 0, 1, 0, -s, 0, c]), state.rotation);
    draw();
  }

  function halfHeight() {  // the whole organ is seen in a window of 4 to 3, and in a narrower one as well
    const narrow = Math.max(1, (4 / 3) * (canvas.clientHeight / canvas.clientWidth));
    return (model.camera.half_height_mm * narrow) / state.zoom;
  }

  function aim({ program, at }) {
    gl.useProgram(program);
    const r = state.rotation, half = halfHeight();
    gl.uniformMatrix3fv(at("turn"), false, [r[0], r[3], r[6], r[1], r[4], r[7], r[2], r[5], r[8]]);
    gl.uniform3fv(at("focus"), model.camera.focus);
    gl.uniform2f(at("scale"), canvas.height / canvas.width / half, 1 / half);
  }

  function bound(at, values, size, kind, normalised) {
    gl.bindBuffer(gl.ARRAY_BUFFER, values);
    gl.enableVertexAttribArray(at);
    gl.vertexAttribPointer(at, size, kind, normalised, 0, 0);
  }

  function drawSurface(mesh) {
    const { at } = programs.surface, clear = mesh.opacity < 1;
    gl.uniform3fv(at("low"), mesh.low);
    gl.uniform3fv(at("size"), mesh.size.map((v) => v / model.steps));
    gl.uniform3fv(at("colour"), mesh.colour);
    gl.uniform1f(at("opacity"), mesh.opacity);
    gl.uniform1f(at("rim"), mesh.rim);
    bound(0, mesh.place, 3, gl.UNSIGNED_SHORT, false);
    bound(1, mesh.normal, 3, gl.FLOAT, false);
    gl.disableVertexAttribArray(2);
    gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, mesh.index);
    const paint = () => gl.drawElements(gl.TRIANGLES, mesh.count, gl.UNSIGNED_SHORT, 0);
    if (clear) { gl.colorMask(false, false, false, false); paint(); gl.colorMask(true, true, true, true); }
    paint();
  }

  function drawSlices() {
    aim(programs.picture);
    const { at } = programs.picture;
    gl.uniform3f(at("low"), 0, 0, 0);
    gl.uniform3f(at("size"), 1, 1, 1);
    gl.disable(gl.CULL_FACE);
    gl.disableVertexAttribArray(1);
    for (const plane of drawn.planes.filter((p) => !state.hidden.has(p.group))) {
      gl.bindTexture(gl.TEXTURE_2D, plane.texture);
      bound(0, plane.corners, 3, gl.FLOAT, false);
      bound(2, plane.where, 2, gl.FLOAT, false);
      gl.drawArrays(gl.TRIANGLE_STRIP, 0, 4);
    }
    gl.enable(gl.CULL_FACE);
  }

  function wanted(mesh) {
    const here = mesh.option === null || (mesh.option === state.option && (mesh.scan === null || mesh.scan === state.scan));
    return here && !state.hidden.has(mesh.group);
  }

  function draw() {
    if (!drawn) return;
    const ratio = Math.min(window.devicePixelRatio || 1, 2);
    canvas.width = Math.round(canvas.clientWidth * ratio);
    canvas.height = Math.round(canvas.clientHeight * ratio);
    gl.viewport(0, 0, canvas.width, canvas.height);
    gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT);
    drawSlices();
    aim(programs.surface);
    drawn.meshes.filter(wanted).forEach(drawSurface);  // from the inside out: each surface lies before those within it
    legend();
  }

  function legend() {
    const mm = (2 * halfHeight()) / canvas.clientHeight;
    const most = 0.22 * canvas.clientWidth * mm, power = 10 ** Math.floor(Math.log10(most));
    const length = [5, 2, 1].find((f) => f * power <= most) * power;
    const bar = root.querySelector(".scene-bar");
    bar.style.width = `${length / mm}px`;
    bar.textContent = `${length} mm`;
    const axes = { R: [-1, 0, 0], L: [1, 0, 0], A: [0, -1, 0], P: [0, 1, 0], S: [0, 0, 1], I: [0, 0, -1] };
    const r = state.rotation, on = (v, row) => r[3 * row] * v[0] + r[3 * row + 1] * v[1] + r[3 * row + 2] * v[2];
    for (const [letter, v] of Object.entries(axes)) {
      const mark = root.querySelector(`[data-axis="${letter}"]`);
      mark.style.transform = `translate(${34 * on(v, 0)}px, ${-34 * on(v, 1)}px)`;
      mark.style.opacity = on(v, 2) < -0.2 ? 0.25 : 1;
    }
    const option = model.options[state.option];
    root.querySelector("[data-scan]").textContent = model.scans[state.scan];
    root.querySelector(".scene-caption").textContent = `${option.label}, ${model.scans[state.scan]}: ${option.notes[state.scan]}`;
  }

  function controls() {
    const scan = root.querySelector("input[type=range]");
    const take = () => { state.scan = Number(scan.value); draw(); };
    scan.addEventListener("input", take);
    for (const choice of root.querySelectorAll("input[name=scene-option]"))
      choice.addEventListener("change", () => { state.option = Number(choice.value); draw(); });
    for (const box of root.querySelectorAll("input[type=checkbox]")) {
      box.checked = !state.hidden.has(box.value);
      box.addEventListener("change", () => { state.hidden[box.checked ? "delete" : "add"](box.value); draw(); });
    }
    for (const button of root.querySelectorAll("button[data-view]"))
      button.addEventListener("click", () => view(button.dataset.view));
    state.option = Number(root.querySelector("input[name=scene-option]:checked").value);
    state.scan = Number(scan.value);
  }

  // Rows: what points right, up and towards the reader, in the patient's frame (left, back, head).
  const VIEWS = {
    front: [1, 0, 0, 0, 0, 1, 0, -1, 0],
    left: [0, 1, 0, 0, 0, 1, 1, 0, 0],
    right: [0, -1, 0, 0, 0, 1, -1, 0, 0],
    top: [-1, 0, 0, 0, -1, 0, 0, 0, 1],
  };

  function view(name) {
    if (name === "closer" || name === "farther") return zoomed(name === "closer" ? 1.25 : 0.8);
    state.rotation = VIEWS[name] || start;
    if (name === "reset") state.zoom = 1;
    draw();
  }

  function zoomed(factor) { state.zoom = Math.min(8, Math.max(0.5, state.zoom * factor)); draw(); }

  function gestures() {
    const fingers = new Map();
    let apart = 0;
    canvas.addEventListener("pointerdown", (e) => { fingers.set(e.pointerId, e); apart = 0; canvas.setPointerCapture(e.pointerId); });
    const up = (e) => { fingers.delete(e.pointerId); apart = 0; };
    canvas.addEventListener("pointerup", up);
    canvas.addEventListener("pointercancel", up);
    canvas.addEventListener("pointermove", (e) => {
      const before = fingers.get(e.pointerId);
      if (!before) return;
      fingers.set(e.pointerId, e);
      if (fingers.size === 1) return rotated((e.clientX - before.clientX) * 0.008, (e.clientY - before.clientY) * 0.008);
      const [a, b] = [...fingers.values()], now = Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY);
      if (apart) zoomed(now / apart);
      apart = now;
    });
    canvas.addEventListener("wheel", (e) => {
      if (document.activeElement !== canvas) return;  // the page scrolls until the scene is chosen
      e.preventDefault();
      zoomed(Math.exp(-e.deltaY * 0.001));
    }, { passive: false });
    canvas.addEventListener("keydown", (e) => {
      const step = { ArrowLeft: [-0.12, 0], ArrowRight: [0.12, 0], ArrowUp: [0, -0.12], ArrowDown: [0, 0.12] }[e.key];
      const zoom = { "+": 1.15, "=": 1.15, "-": 0.87 }[e.key];
      if (!step && !zoom) return;
      e.preventDefault();
      if (step) rotated(...step); else zoomed(zoom);
    });
    new ResizeObserver(draw).observe(canvas);
  }

  async function begin() {
    gl = canvas.getContext("webgl", { alpha: true, antialias: true, premultipliedAlpha: false });
    if (!gl || typeof DecompressionStream === "undefined")
      return say("This browser cannot draw in three dimensions. The pictures of this page show the same.");
    say("Unpacking the surfaces …");
    const bytes = await unpack();
    programs = { surface: compiled(SURFACE), picture: compiled(PICTURE) };
    drawn = { meshes: model.meshes.map((m) => surface(bytes, m)), planes: model.planes.map((p) => slice(bytes, p)) };
    gl.enable(gl.DEPTH_TEST);
    gl.depthFunc(gl.LEQUAL);
    gl.enable(gl.CULL_FACE);
    gl.enable(gl.BLEND);
    gl.blendFuncSeparate(gl.SRC_ALPHA, gl.ONE_MINUS_SRC_ALPHA, gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    controls();
    gestures();
    say("");
    draw();
    root.dataset.ready = "yes";
  }

  const failed = (error) => say(`The scene could not be drawn (${error.message}). The pictures of this page show the same.`);
  new IntersectionObserver((seen, watch) => {
    if (!seen.some((entry) => entry.isIntersecting)) return;
    watch.disconnect();
    begin().catch(failed);
  }, { rootMargin: "400px" }).observe(root);
})();
