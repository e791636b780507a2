# well_being
