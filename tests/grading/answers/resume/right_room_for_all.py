"""Room for the whole body from the start, and a mark up to where it is filled."""


class Uploads:
    def __init__(self):
        self.rooms, self.marks = [], []

    def start(self, total):
        self.rooms.append(bytearray(total))
        self.marks.append(0)
        return str(len(self.rooms) - 1)

    def _number(self, handle):
        for number in range(len(self.rooms)):
            if handle == str(number):
                return number
        raise LookupError(handle)

    def offset(self, handle):
        return self.marks[self._number(handle)]

    def write(self, handle, offset, data):
        number = self._number(handle)
        room, mark = self.rooms[number], self.marks[number]
        end = offset + len(data)
        if offset < 0 or offset > mark or end > len(room):
            raise ValueError((offset, len(data), mark, len(room)))
        if end > mark:
            room[mark:end] = data[mark - offset :]
            self.marks[number] = end
        return self.marks[number]

    def body(self, handle):
        number = self._number(handle)
        if self.marks[number] < len(self.rooms[number]):
            raise ValueError("incomplete")
        return bytes(self.rooms[number])
