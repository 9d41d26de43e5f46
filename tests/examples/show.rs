use splitbrain::checker::judge;
use splitbrain::run_seed;
use splitbrain::scenarios::Scenario;
fn main() {
    let a: Vec<String> = std::env::args().skip(1).collect();
    let mut s = Scenario::load(std::path::Path::new(&a[0])).unwrap();
    if a.len() > 2 {
        s.planted = splitbrain::model::planted::Planted::from_name(&a[2]);
    }
    let r = run_seed(&s, a[1].parse().unwrap());
    let o = &r.observations;
    for f in &r.faults {
        println!("{:>9} FAULT {}", o.ms(f.at), f.what);
    }
    for e in &o.events {
        println!("{:>9} {} {} {} {}", o.ms(e.at), o.node(e.node).name, e.event.kind, e.event.payload(), "");
    }
    for p in &o.presence {
        if o.ms(p.at) > -100000 {
            println!("{:>9} {} {:?}", o.ms(p.at), o.node(p.node).name, p.state);
        }
    }
    for p in &o.roles {
        println!("{:>9} {} role {:?} {:?} {:?}", o.ms(p.at), o.node(p.node).name, p.replica_of, p.replid, p.offset);
    }
    for f in judge(o, &s.expect).findings {
        println!("{:>9} FINDING {} {}", o.ms(f.at), f.property, f.sentence(o));
    }
}
