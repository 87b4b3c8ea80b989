"""STEP files of a block and of a cylinder, written by hand."""

from itertools import count

UNITS = {
    "mm": "(LENGTH_UNIT()NAMED_UNIT(*)SI_UNIT(.MILLI.,.METRE.))",
    "m": "(LENGTH_UNIT()NAMED_UNIT(*)SI_UNIT($,.METRE.))",
}


class Step:
    """Entities with numbers, in the order in which they are added."""

    def __init__(self, unit="mm"):
        self.lines, self._number, self.solids = [], count(1), []
        self.unit = unit

    def add(self, text):
        number = f"#{next(self._number)}"
        self.lines.append(f"{number}={text};")
        return number

    def point(self, place):
        return self.add(f"CARTESIAN_POINT('',({','.join(f'{v:.9f}' for v in place)}))")

    def direction(self, way):
        return self.add(f"DIRECTION('',({','.join(f'{v:.9f}' for v in way)}))")

    def axes(self, place, z, x):
        parts = self.point(place), self.direction(z), self.direction(x)
        return self.add(f"AXIS2_PLACEMENT_3D('',{','.join(parts)})")

    def vertex(self, place):
        return self.add(f"VERTEX_POINT('',{self.point(place)})")

    def line(self, a, b, start, way):
        vector = self.add(f"VECTOR('',{self.direction(way)},1.)")
        curve = self.add(f"LINE('',{self.point(start)},{vector})")
        return self.add(f"EDGE_CURVE('',{a},{b},{curve},.T.)")

    def face(self, loop, surface):
        """Add a face; loop: edges with their sense."""
        edges = [
            self.add(f"ORIENTED_EDGE('',*,*,{e},.{'T' if same else 'F'}.)")
            for e, same in loop
        ]
        ring = self.add(f"EDGE_LOOP('',({','.join(edges)}))")
        bound = self.add(f"FACE_OUTER_BOUND('',{ring},.T.)")
        return self.add(f"ADVANCED_FACE('',({bound}),{surface},.T.)")

    def solid(self, faces):
        shell = self.add(f"CLOSED_SHELL('',({','.join(faces)}))")
        self.solids.append(self.add(f"MANIFOLD_SOLID_BREP('',{shell})"))

    def block(self, low, high):
        corner = {
            (i, j, k): (low, high)[i][0:1] + (low, high)[j][1:2] + (low, high)[k][2:3]
            for i in (0, 1)
            for j in (0, 1)
            for k in (0, 1)
        }
        vertex = {key: self.vertex(place) for key, place in corner.items()}
        edges = {}
        for key in corner:
            for axis in range(3):
                if key[axis] == 0:
                    end = tuple(1 if a == axis else v for a, v in enumerate(key))
                    way = tuple(float(a == axis) for a in range(3))
                    edges[key, end] = self.line(
                        vertex[key], vertex[end], corner[key], way
                    )
        faces = []
        for axis in range(3):
            for side in (0, 1):
                u, v = (axis + 1) % 3, (axis + 2) % 3
                ring = [(0, 0), (1, 0), (1, 1), (0, 1)]
                ring = ring if side else ring[::-1]
                keys = []
                for p, q in ring:
                    key = [0, 0, 0]
                    key[axis], key[u], key[v] = side, p, q
                    keys.append(tuple(key))
                loop = []
                for a, b in zip(keys, keys[1:] + keys[:1]):
                    same = (a, b) in edges
                    loop.append((edges[(a, b) if same else (b, a)], same))
                z = tuple(float(a == axis) * (1 if side else -1) for a in range(3))
                x = tuple(float(a == u) for a in range(3))
                plane = self.add(f"PLANE('',{self.axes(corner[keys[0]], z, x)})")
                faces.append(self.face(loop, plane))
        self.solid(faces)

    def cylinder(self, radius, height):
        x, z, down = (1.0, 0.0, 0.0), (0.0, 0.0, 1.0), (0.0, 0.0, -1.0)
        ends, rings = [], []
        for level in (0.0, height):
            ends.append(self.vertex((radius, 0.0, level)))
            circle = f"CIRCLE('',{self.axes((0.0, 0.0, level), z, x)},{radius:.9f})"
            curve = self.add(circle)
            rings.append(self.add(f"EDGE_CURVE('',{ends[-1]},{ends[-1]},{curve},.T.)"))
        seam = self.line(*ends, (radius, 0.0, 0.0), z)
        wall = self.axes((0.0, 0.0, 0.0), z, x)
        wall = self.add(f"CYLINDRICAL_SURFACE('',{wall},{radius:.9f})")
        loop = [(rings[0], True), (seam, True), (rings[1], False), (seam, False)]
        faces = [self.face(loop, wall)]
        top = self.add(f"PLANE('',{self.axes((0.0, 0.0, height), z, x)})")
        floor = self.add(f"PLANE('',{self.axes((0.0, 0.0, 0.0), down, x)})")
        faces.append(self.face([(rings[1], True)], top))
        faces.append(self.face([(rings[0], False)], floor))
        self.solid(faces)

    def text(self):
        """Return the file with what a product needs around its shape."""
        add = self.add
        if self.unit == "inch":
            milli = add("(LENGTH_UNIT()NAMED_UNIT(*)SI_UNIT(.MILLI.,.METRE.))")
            factor = add(f"LENGTH_MEASURE_WITH_UNIT(LENGTH_MEASURE(25.4),{milli})")
            length = add(
                "(CONVERSION_BASED_UNIT('INCH',"
                f"{factor})LENGTH_UNIT()NAMED_UNIT({add('DIMENSIONAL_EXPONENTS(1.,0.,0.,0.,0.,0.,0.)')}))"
            )
        else:
            length = add(UNITS[self.unit])
        angle = add("(NAMED_UNIT(*)PLANE_ANGLE_UNIT()SI_UNIT($,.RADIAN.))")
        solid = add("(NAMED_UNIT(*)SI_UNIT($,.STERADIAN.)SOLID_ANGLE_UNIT())")
        near = add(
            f"UNCERTAINTY_MEASURE_WITH_UNIT(LENGTH_MEASURE(1.E-6),{length},'','')"
        )
        context = add(
            "(GEOMETRIC_REPRESENTATION_CONTEXT(3)"
            f"GLOBAL_UNCERTAINTY_ASSIGNED_CONTEXT(({near}))"
            f"GLOBAL_UNIT_ASSIGNED_CONTEXT(({length},{angle},{solid}))"
            "REPRESENTATION_CONTEXT('',''))"
        )
        place = self.axes((0.0, 0.0, 0.0), (0.0, 0.0, 1.0), (1.0, 0.0, 0.0))
        items = ",".join([place, *self.solids])
        shape = add(f"ADVANCED_BREP_SHAPE_REPRESENTATION('',({items}),{context})")
        app = add("APPLICATION_CONTEXT('automotive design')")
        add(
            "APPLICATION_PROTOCOL_DEFINITION('international standard',"
            f"'automotive_design',2000,{app})"
        )
        field = add(f"PRODUCT_CONTEXT('',{app},'mechanical')")
        product = add(f"PRODUCT('part','part','',({field}))")
        formation = add(f"PRODUCT_DEFINITION_FORMATION('','',{product})")
        design = add(f"PRODUCT_DEFINITION_CONTEXT('part definition',{app},'design')")
        definition = add(f"PRODUCT_DEFINITION('design','',{formation},{design})")
        of = add(f"PRODUCT_DEFINITION_SHAPE('','',{definition})")
        add(f"SHAPE_DEFINITION_REPRESENTATION({of},{shape})")
        body = "\n".join(self.lines)
        return (
            "ISO-10303-21;\nHEADER;\nFILE_DESCRIPTION((''),'2;1');\n"
            "FILE_NAME('','',(''),(''),'','','');\n"
            "FILE_SCHEMA(('AUTOMOTIVE_DESIGN'));\nENDSEC;\nDATA;\n"
            f"{body}\nENDSEC;\nEND-ISO-10303-21;\n"
        )
