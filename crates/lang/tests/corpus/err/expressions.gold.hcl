variable "n" {
  type    = list(strng)
  default = [1]
}

variable "m" {
  type    = number
  default = "many"
}

locals {
  zero      = 1 / 0
  large     = 99999999999999999999
  both      = [unknown_one, unknown_two]
  condition = "maybe" ? 1 : 2
  number    = "x" + 1
  text      = "list: ${[1]}"
  attribute = { a = 1 }.b
  index     = [1, 2][7]
  call      = uper("x")
  arity     = upper()
  failed    = parseint("zz", 10)
  tried     = try(nope, { a = 1 }.c)
  keys      = { for x in ["a", "a"] : x => 1 }
  key       = { [1] = 2 }
  through   = [for x in 5 : x]
  many      = range(1, 10000000)
  alone     = var
  missing   = var.nn + local.atribute
  circle_a  = local.circle_b
  circle_b  = [local.circle_c]
  circle_c  = "${local.circle_a[0]}"
}
